/** State machines of protocols, written anew from the documents that define them. */
import { createMachine } from 'xstate';

/** RFC 9293 §3.3.2, figure 5. */
export const tcpConnection = createMachine({
  id: 'tcp connection',
  initial: 'CLOSED',
  states: {
    CLOSED: { on: { 'passive OPEN': 'LISTEN', 'active OPEN': { target: 'SYN-SENT', actions: 'send SYN' } } },
    LISTEN: {
      on: {
        'rcv SYN': { target: 'SYN-RECEIVED', actions: 'send SYN,ACK' },
        SEND: { target: 'SYN-SENT', actions: 'send SYN' },
        CLOSE: 'CLOSED',
      },
    },
    'SYN-SENT': {
      on: {
        'rcv SYN,ACK': { target: 'ESTABLISHED', actions: 'send ACK' },
        'rcv SYN': { target: 'SYN-RECEIVED', actions: 'send SYN,ACK' },
        CLOSE: 'CLOSED',
      },
    },
    'SYN-RECEIVED': {
      on: {
        'rcv ACK of SYN': 'ESTABLISHED',
        'rcv RST': 'LISTEN',
        CLOSE: { target: 'FIN-WAIT-1', actions: 'send FIN' },
      },
    },
    ESTABLISHED: {
      on: {
        CLOSE: { target: 'FIN-WAIT-1', actions: 'send FIN' },
        'rcv FIN': { target: 'CLOSE-WAIT', actions: 'send ACK' },
      },
    },
    'FIN-WAIT-1': {
      on: {
        'rcv ACK of FIN': 'FIN-WAIT-2',
        'rcv FIN': { target: 'CLOSING', actions: 'send ACK' },
      },
    },
    'FIN-WAIT-2': { on: { 'rcv FIN': { target: 'TIME-WAIT', actions: 'send ACK' } } },
    'CLOSE-WAIT': { on: { CLOSE: { target: 'LAST-ACK', actions: 'send FIN' } } },
    CLOSING: { on: { 'rcv ACK of FIN': 'TIME-WAIT' } },
    'LAST-ACK': { on: { 'rcv ACK of FIN': 'CLOSED' } },
    'TIME-WAIT': { after: { '2MSL': 'CLOSED' } },
  },
});

/** RFC 2131 §4.4, figure 5. */
export const dhcpClient = createMachine({
  id: 'dhcp client',
  initial: 'INIT',
  states: {
    'INIT-REBOOT': { on: { boot: { target: 'REBOOTING', actions: 'send DHCPREQUEST' } } },
    INIT: { on: { boot: { target: 'SELECTING', actions: 'send DHCPDISCOVER' } } },
    REBOOTING: { on: { DHCPACK: 'BOUND', DHCPNAK: 'INIT' } },
    SELECTING: {
      on: {
        DHCPOFFER: { actions: 'collect' },
        select: { target: 'REQUESTING', actions: 'send DHCPREQUEST' },
      },
    },
    REQUESTING: {
      on: {
        DHCPOFFER: { actions: 'discard' },
        DHCPACK: [{ guard: 'isAddressInUse', target: 'INIT', actions: 'send DHCPDECLINE' }, 'BOUND'],
        DHCPNAK: 'INIT',
      },
    },
    BOUND: {
      entry: ['record lease', 'set timers T1, T2'],
      after: { T1: { target: 'RENEWING', actions: 'send DHCPREQUEST' } },
      on: { DHCPACK: {}, DHCPNAK: {}, DHCPOFFER: {} },
    },
    RENEWING: {
      after: { T2: { target: 'REBINDING', actions: 'broadcast DHCPREQUEST' } },
      on: { DHCPACK: 'BOUND', DHCPNAK: { target: 'INIT', actions: 'halt network' } },
    },
    REBINDING: {
      after: { lease: { target: 'INIT', actions: 'halt network' } },
      on: { DHCPACK: 'BOUND', DHCPNAK: { target: 'INIT', actions: 'halt network' } },
    },
  },
});

/** RFC 4271 §8.2.2, the mandatory events. */
export const bgpPeer = createMachine({
  id: 'bgp peer',
  initial: 'Idle',
  on: { ManualStop: { target: '.Idle', actions: 'drop the connection' } },
  states: {
    Idle: { on: { ManualStart: 'Connect', '*': {} } },
    Connect: {
      on: {
        TcpConnectionConfirmed: { target: 'OpenSent', actions: 'send OPEN' },
        TcpConnectionFails: 'Active',
      },
      after: { ConnectRetryTime: { target: 'Connect', reenter: true } },
    },
    Active: {
      on: {
        TcpConnectionConfirmed: { target: 'OpenSent', actions: 'send OPEN' },
        TcpConnectionFails: 'Idle',
      },
      after: { ConnectRetryTime: 'Connect' },
    },
    OpenSent: {
      on: {
        BGPOpen: { target: 'OpenConfirm', actions: 'send KEEPALIVE' },
        BGPOpenMsgErr: { target: 'Idle', actions: 'send NOTIFICATION' },
        TcpConnectionFails: 'Active',
      },
      after: { HoldTime: 'Idle' },
    },
    OpenConfirm: {
      on: { KeepAliveMsg: 'Established', NotifMsg: 'Idle', TcpConnectionFails: 'Idle' },
      after: { HoldTime: 'Idle', KeepaliveTime: { actions: 'send KEEPALIVE' } },
    },
    Established: {
      on: {
        UpdateMsg: { actions: 'process' },
        UpdateMsgErr: { target: 'Idle', actions: 'send NOTIFICATION' },
        KeepAliveMsg: { actions: 'restart HoldTimer' },
        NotifMsg: 'Idle',
        TcpConnectionFails: 'Idle',
      },
    },
  },
});

/** RFC 9113 §5.1, figure 2. */
export const http2Stream = createMachine({
  id: 'http/2 stream',
  initial: 'idle',
  states: {
    idle: {
      on: {
        'send PP': 'reserved (local)',
        'recv PP': 'reserved (remote)',
        'send H': 'open',
        'recv H': 'open',
      },
    },
    'reserved (local)': { on: { 'send H': 'half-closed (remote)', 'send R': 'closed', 'recv R': 'closed' } },
    'reserved (remote)': { on: { 'recv H': 'half-closed (local)', 'send R': 'closed', 'recv R': 'closed' } },
    open: {
      on: {
        'send ES': 'half-closed (local)',
        'recv ES': 'half-closed (remote)',
        'send R': 'closed',
        'recv R': 'closed',
      },
    },
    'half-closed (remote)': { on: { 'send ES': 'closed', 'send R': 'closed', 'recv R': 'closed' } },
    'half-closed (local)': { on: { 'recv ES': 'closed', 'send R': 'closed', 'recv R': 'closed' } },
    closed: { type: 'final' },
  },
});

/** RFC 3261 §17.1.1.2, figure 5: the INVITE client transaction. */
export const sipInvite = createMachine({
  id: 'sip invite client',
  initial: 'Calling',
  states: {
    Calling: {
      entry: 'send INVITE',
      after: {
        timerA: { target: 'Calling', reenter: true, actions: 'double timer A' },
        timerB: { target: 'Terminated', actions: 'inform TU' },
      },
      on: {
        '1xx': { target: 'Proceeding', actions: '1xx to TU' },
        '2xx': { target: 'Terminated', actions: '2xx to TU' },
        '300-699': { target: 'Completed', actions: ['send ACK', 'response to TU'] },
        'transport error': { target: 'Terminated', actions: 'inform TU' },
      },
    },
    Proceeding: {
      on: {
        '1xx': { actions: '1xx to TU' },
        '2xx': { target: 'Terminated', actions: '2xx to TU' },
        '300-699': { target: 'Completed', actions: ['send ACK', 'response to TU'] },
      },
    },
    Completed: {
      after: { timerD: 'Terminated' },
      on: {
        '300-699': { actions: 'send ACK' },
        'transport error': { target: 'Terminated', actions: 'inform TU' },
      },
    },
    Terminated: { type: 'final' },
  },
});

/** RFC 8446 appendix A.1: the client's handshake of TLS 1.3. */
export const tlsClient = createMachine({
  id: 'tls 1.3 client',
  initial: 'START',
  states: {
    START: { on: { 'send ClientHello': { target: 'WAIT_SH', actions: 'K_send = early data' } } },
    WAIT_SH: {
      on: {
        'recv HelloRetryRequest': 'START',
        'recv ServerHello': { target: 'WAIT_EE', actions: 'K_recv = handshake' },
      },
    },
    WAIT_EE: {
      on: {
        'recv EncryptedExtensions': [{ guard: 'isUsingPSK', target: 'WAIT_FINISHED' }, 'WAIT_CERT_CR'],
      },
    },
    WAIT_CERT_CR: { on: { 'recv Certificate': 'WAIT_CV', 'recv CertificateRequest': 'WAIT_CERT' } },
    WAIT_CERT: { on: { 'recv Certificate': 'WAIT_CV' } },
    WAIT_CV: { on: { 'recv CertificateVerify': 'WAIT_FINISHED' } },
    WAIT_FINISHED: {
      on: {
        'recv Finished': {
          target: 'CONNECTED',
          actions: ['K_send = handshake', 'send Finished', 'K_send = K_recv = application'],
        },
      },
    },
    CONNECTED: {},
  },
});

/** IEEE 1149.1: the controller of a test access port; TMS is 0 or 1 at each clock. */
export const jtagTap = createMachine({
  id: 'jtag tap controller',
  initial: 'Test-Logic-Reset',
  states: {
    'Test-Logic-Reset': { on: { 0: 'Run-Test/Idle', 1: 'Test-Logic-Reset' } },
    'Run-Test/Idle': { on: { 0: 'Run-Test/Idle', 1: 'Select-DR-Scan' } },
    'Select-DR-Scan': { on: { 0: 'Capture-DR', 1: 'Select-IR-Scan' } },
    'Capture-DR': { on: { 0: 'Shift-DR', 1: 'Exit1-DR' } },
    'Shift-DR': { on: { 0: 'Shift-DR', 1: 'Exit1-DR' } },
    'Exit1-DR': { on: { 0: 'Pause-DR', 1: 'Update-DR' } },
    'Pause-DR': { on: { 0: 'Pause-DR', 1: 'Exit2-DR' } },
    'Exit2-DR': { on: { 0: 'Shift-DR', 1: 'Update-DR' } },
    'Update-DR': { on: { 0: 'Run-Test/Idle', 1: 'Select-DR-Scan' } },
    'Select-IR-Scan': { on: { 0: 'Capture-IR', 1: 'Test-Logic-Reset' } },
    'Capture-IR': { on: { 0: 'Shift-IR', 1: 'Exit1-IR' } },
    'Shift-IR': { on: { 0: 'Shift-IR', 1: 'Exit1-IR' } },
    'Exit1-IR': { on: { 0: 'Pause-IR', 1: 'Update-IR' } },
    'Pause-IR': { on: { 0: 'Pause-IR', 1: 'Exit2-IR' } },
    'Exit2-IR': { on: { 0: 'Shift-IR', 1: 'Update-IR' } },
    'Update-IR': { on: { 0: 'Run-Test/Idle', 1: 'Select-DR-Scan' } },
  },
});
