/** Rows of the QEMU events about clients of a guest's screen. QAPI `ui.json`. */
import { lenient, nested, string, wordOr } from '../payload.ts';
import { row } from './row.ts';

/** libvirt 9.0.0 `virDomainEventGraphicsAddressType`; one that it does not know is told as ipv4. */
const family = wordOr(['ipv4', 'ipv6', 'unix'], 'ipv4');

const vncSide = { family, host: string, service: string };
const spiceSide = { family, host: string, port: string };
const auth = lenient(string, '');

const vnc = (summary: string) =>
  row(
    {
      server: nested({ ...vncSide, auth }),
      client: nested({
        ...vncSide,
        x509_dname: lenient(string, null),
        sasl_username: lenient(string, null),
      }),
    },
    {
      summary,
      source: 'QAPI ui.json, since 0.13; libvirt qemu_monitor_json.c:qemuMonitorJSONHandleGraphicsVNC',
    },
  );

const spice = (summary: string) =>
  row(
    { server: nested({ ...spiceSide, auth }), client: nested(spiceSide) },
    {
      summary,
      source: 'QAPI ui.json, since 0.14; libvirt qemu_monitor_json.c:qemuMonitorJSONHandleGraphicsSPICE',
    },
  );

export const graphicsEvents = {
  SPICE_CONNECTED: spice('a SPICE client connected'),
  SPICE_DISCONNECTED: spice('a SPICE client went'),
  SPICE_INITIALIZED: spice('a SPICE client is through with its setup'),
  VNC_CONNECTED: vnc('a VNC client connected'),
  VNC_DISCONNECTED: vnc('a VNC client went'),
  VNC_INITIALIZED: vnc('a VNC client is through with its setup'),
} as const;
