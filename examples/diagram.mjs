// A machine of one's own as a picture, with what tests of it cover.
// Usage: node examples/diagram.mjs
import { activeMarks, diagramOf, toMermaid, toSvg } from 'qemu-actors/diagram';
import { createModel, liveSystem, marksOf, runWalks } from 'qemu-actors/model';
import { orderMachine } from './order-machine.mjs';

// Where it is.
console.log(toMermaid(orderMachine, { marks: activeMarks('paying') }));

// What the walks to each state cover.
const model = createModel(orderMachine);
const { coverage } = await runWalks(model, model.walks('states').walks, liveSystem(model));
const svg = await toSvg(orderMachine, { marks: marksOf(coverage), theme: 'light' });
console.log(`an SVG of ${svg.length} characters`);

// The plain graph, for pictures of one's own.
const { transitions } = diagramOf(orderMachine);
console.log(`${transitions.length} transitions`);
