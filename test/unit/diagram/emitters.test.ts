import { describe, expect, test } from 'vitest';
import { createMachine } from 'xstate';
import { pathMarks, toDot, toMermaid, toPlantUml, toScxml } from '../../../src/diagram/index.ts';
import { lamp } from './machines.ts';

const marks = pathMarks(['on.bright'], ['on.dim: MORE']);
const twins = createMachine({
  id: 'twins',
  type: 'parallel',
  states: { one: { initial: 'a', states: { a: {} } }, two: { type: 'final' } },
});
const bare = createMachine({ id: 'bare' });

describe('Mermaid', () => {
  test('states, beginnings, history, ends, notes, marks; any state for what the machine itself does', () => {
    expect(toMermaid(lamp, { marks })).toMatchInlineSnapshot(`
      "stateDiagram-v2
        [*] --> off
        state "off" as off
        state "on" as on {
          [*] --> on__dim
          state "dim" as on__dim
          state "bright" as on__bright
          state "H" as on__last
          on__last --> on__dim
        }
        state "broken" as broken
        broken --> [*]
        state "any state" as any_
        note right of on
          entry / light
        end note
        note right of on__bright
          MORE / flicker
        end note
        any_ --> broken: BREAK
        off --> on: SWITCH
        on --> off: SWITCH
        on__dim --> on__bright: MORE [isNight] / turn up (1)
        on__bright --> on__dim: after 5000
        classDef path fill:#d6e6ff,stroke:#2a5db0,color:#000
        class on__bright path
      "
    `);
  });

  test('regions have a broken line, what is collapsed has dots', () => {
    expect(toMermaid(twins, { depth: 1 })).toMatchInlineSnapshot(`
      "stateDiagram-v2
        state "one …" as one
        state "two" as two
        two --> [*]
        classDef region stroke-dasharray:5 3
        class one,two region
      "
    `);
  });
});

describe('DOT', () => {
  test('a state with states is a cluster, with a node that is not seen for its arrows', () => {
    expect(toDot(lamp, { marks })).toMatchInlineSnapshot(`
      "digraph "lamp" {
        compound=true; rankdir=TB; fontname="Helvetica"; fontsize=12
        node [shape=box, style="rounded,filled", fillcolor=white, fontname="Helvetica", fontsize=12]
        edge [fontname="Helvetica", fontsize=11]
        start_s_ [label="", shape=circle, width=0.15, fixedsize=true, fillcolor=black]
        start_s_ -> off
        off [label="off"]
        subgraph cluster_on {
          label="on\\nentry / light"; style="rounded,filled"; fillcolor="#f6f6f6"
          anchor_on [shape=point, style=invis, width=0, height=0]
          start_on [label="", shape=circle, width=0.15, fixedsize=true, fillcolor=black]
          start_on -> on__dim
          on__dim [label="dim"]
          on__bright [label="bright\\nMORE / flicker", fillcolor="#d6e6ff", color="#2a5db0"]
          on__last [label="H", shape=circle]
          on__last -> on__dim
        }
        broken [label="broken", peripheries=2]
        any_ [label="any state", style=dashed]
        any_ -> broken [label="BREAK"]
        off -> anchor_on [label="SWITCH", lhead=cluster_on]
        anchor_on -> off [label="SWITCH", ltail=cluster_on]
        on__dim -> on__bright [label="MORE [isNight] / turn up (1)", color="#2a5db0", fontcolor="#2a5db0"]
        on__bright -> on__dim [label="after 5000"]
      }
      "
    `);
  });

  test('what is collapsed has dots', () => {
    expect(toDot(twins, { depth: 1 })).toMatchInlineSnapshot(`
      "digraph "twins" {
        compound=true; rankdir=TB; fontname="Helvetica"; fontsize=12
        node [shape=box, style="rounded,filled", fillcolor=white, fontname="Helvetica", fontsize=12]
        edge [fontname="Helvetica", fontsize=11]
        one [label="one …"]
        two [label="two", peripheries=2]
      }
      "
    `);
  });
});

describe('PlantUML', () => {
  test('states with what is written in them; its own signs by number', () => {
    expect(toPlantUml(lamp, { marks })).toMatchInlineSnapshot(`
      "@startuml
      hide empty description
      [*] --> off
      state "off" as off
      state "on" as on {
        [*] --> on__dim
        state "dim" as on__dim
        state "bright" as on__bright #d6e6ff
        on__bright : MORE <U+002f> flicker
        state "H" as on__last <<history>>
        on__last --> on__dim
      }
      on : entry <U+002f> light
      state "broken" as broken
      broken --> [*]
      state "any state" as any_
      any_ --> broken : BREAK
      off --> on : SWITCH
      on --> off : SWITCH
      on__dim -[#2a5db0]-> on__bright : MORE <U+005b>isNight<U+005d> <U+002f> turn up (1)
      on__bright --> on__dim : after 5000
      @enduml
      "
    `);
  });

  test('regions have a broken line, what is collapsed has dots', () => {
    expect(toPlantUml(twins, { depth: 1 })).toMatchInlineSnapshot(`
      "@startuml
      hide empty description
      state "one …" as one ##[dashed]
      state "two" as two ##[dashed]
      two --> [*]
      @enduml
      "
    `);
  });
});

describe('SCXML', () => {
  test('a clock is sent on entry and cancelled on exit; actions are of a namespace of their own', () => {
    expect(toScxml(lamp)).toMatchInlineSnapshot(`
      "<?xml version="1.0" encoding="UTF-8"?>
      <scxml xmlns="http://www.w3.org/2005/07/scxml" xmlns:x="urn:qemu-actors:action" version="1.0" name="lamp" initial="root_">
        <state id="root_" initial="off">
          <transition event="BREAK" target="broken" type="internal"/>
          <state id="off">
            <transition event="SWITCH" target="on" type="internal"/>
          </state>
          <state id="on" initial="on__dim">
            <onentry>
              <x:action name="light"/>
            </onentry>
            <transition event="SWITCH" target="off" type="internal"/>
            <state id="on__dim">
              <transition event="MORE" cond="isNight" target="on__bright" type="internal">
                <x:action name="turn up"/>
              </transition>
            </state>
            <state id="on__bright">
              <onentry>
                <send event="after.5000.on__bright" id="after.5000.on__bright" delay="5000ms"/>
              </onentry>
              <onexit>
                <cancel sendid="after.5000.on__bright"/>
              </onexit>
              <transition event="MORE">
                <x:action name="flicker"/>
              </transition>
              <transition event="after.5000.on__bright" target="on__dim" type="internal"/>
            </state>
            <history id="on__last" type="shallow">
              <transition target="on__dim"/>
            </history>
          </state>
          <final id="broken"/>
        </state>
      </scxml>
      "
    `);
  });

  test('a machine with regions, or without states, is a state of its own', () => {
    expect(toScxml(twins)).toMatchInlineSnapshot(`
      "<?xml version="1.0" encoding="UTF-8"?>
      <scxml xmlns="http://www.w3.org/2005/07/scxml" xmlns:x="urn:qemu-actors:action" version="1.0" name="twins" initial="root_">
        <parallel id="root_">
          <state id="one" initial="one__a">
            <state id="one__a"/>
          </state>
          <final id="two"/>
        </parallel>
      </scxml>
      "
    `);
    expect(toScxml(bare)).toContain('<state id="root_"/>');
  });

  test('of transitions the most specific event stands first', () => {
    const machine = createMachine({ on: { '*': {}, 'a.*': {}, 'a.b.*': {}, 'a.b': {} } });
    expect([...toScxml(machine).matchAll(/event="([^"]*)"/g)].map(([, event]) => event)).toEqual([
      ...['a.b', 'a.b.*', 'a.*', '*'],
    ]);
  });
});
