// A shop of one's own is tested by walks of a machine that says what it should do.
// Usage: node examples/model-order.mjs
import { createModel, runWalks } from 'qemu-actors/model';
import { orderMachine } from './order-machine.mjs';

/** What is tested. It is written without the machine, and takes what it is told by a payment service. */
class Shop {
  status = 'cart';
  items = 0;

  add() {
    if (this.status === 'cart' && this.items < 3) this.items += 1;
  }

  clear() {
    if (this.status === 'cart') this.items = 0;
  }

  pay() {
    if (this.status === 'cart' && this.items > 0) this.status = 'paying';
  }

  charged(ok) {
    if (this.status === 'paying') this.status = ok ? 'paid' : 'cart';
  }

  close(how) {
    if (this.status === 'paid') this.status = how;
  }
}

/** It sells a cart that was cleared. */
class ForgetfulShop extends Shop {
  hadItems = false;

  add() {
    super.add();
    this.hadItems = true;
  }

  pay() {
    if (this.status === 'cart' && this.hadItems) this.status = 'paying';
  }
}

const adapterFor = (kind) => {
  let shop;
  return {
    reset() {
      shop = new kind();
    },
    do: {
      ADD: () => shop.add(),
      CLEAR: () => shop.clear(),
      PAY: () => shop.pay(),
      SEND: () => shop.close('sent'),
      'REFUND.full': ({ event }) => shop.close(event.amount > 0 ? 'refunded' : 'paid'),
      'charge is done': () => shop.charged(true),
      'charge fails': () => shop.charged(false),
      'after 5000 ms': () => shop.charged(false),
    },
    see: () => ({ value: shop.status }),
  };
};

const model = createModel(orderMachine, { events: { 'REFUND.full': [{ amount: 7 }] } });
const { walks } = model.walks('transitions');
const report = await runWalks(model, walks, adapterFor(Shop), { minCoverage: { transitions: 100 } });
console.log(`${report.passed} of ${report.walks} walks passed`);
for (const kind of ['states', 'transitions', 'guards']) {
  const { covered, total, missing } = report.coverage.summary(kind);
  console.log(`${kind}: ${covered} of ${total}${missing.length === 0 ? '' : `, not ${missing.join(', ')}`}`);
}

const random = model.walks('random', { seed: 7 });
const { failures } = await runWalks(model, random.walks, adapterFor(ForgetfulShop), { bail: true });
for (const { walk, smallest } of failures) {
  console.log(`a walk of ${walk.steps.length} steps failed; as short as it gets:`);
  for (const { event, expected } of smallest.steps) console.log(`  ${event.type} → ${expected.value}`);
}
