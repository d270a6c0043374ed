import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  differsOnlyInPoolValues,
  editPoolValue,
  editPoolValues,
  readPoolValue,
} from "../../src/domain/stack-file.ts";
import { listPools, poolValue, type StackFileModel, stackFileModel } from "./stack-file-model.ts";
import { renderStackFile } from "./stack-file-render.ts";

const pick = fc.nat();

function initialValues(model: StackFileModel): number[] {
  return listPools(model).map(({ initial }) => initial);
}

function poolAt(model: StackFileModel, picked: number) {
  const pools = listPools(model);
  const index = picked % pools.length;
  const found = pools[index];
  if (!found) throw new Error("a model has pools");
  return { index, location: found.location };
}

describe("a scale changes one scalar per pool and no other byte", () => {
  it("for any stack file, pool and value", () => {
    fc.assert(
      fc.property(stackFileModel, pick, poolValue, (model, picked, value) => {
        const { index, location } = poolAt(model, picked);
        const values = initialValues(model);
        const before = renderStackFile(model, values);
        const text = renderStackFile(model, values.with(index, value));
        expect(editPoolValue(before, location, value)).toEqual({
          kind: "edited",
          text,
          from: values[index],
          to: value,
        });
        expect(readPoolValue(text, location)).toMatchObject({ kind: "value", value });
        expect(differsOnlyInPoolValues(before, text, [location])).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it("for all pools at once", () => {
    fc.assert(
      fc.property(stackFileModel, fc.infiniteStream(poolValue), (model, stream) => {
        const edits = listPools(model).map(({ location }) => ({ location, value: stream.next().value }));
        const edited = editPoolValues(renderStackFile(model, initialValues(model)), edits.toReversed());
        expect(edited).toMatchObject({
          kind: "edited",
          text: renderStackFile(
            model,
            edits.map(({ value }) => value),
          ),
        });
      }),
      { numRuns: 200 },
    );
  });

  it("a hundred times in a row, and back to the first byte", () => {
    const steps = fc.array(fc.tuple(pick, poolValue), { minLength: 100, maxLength: 100 });
    fc.assert(
      fc.property(stackFileModel, steps, (model, edits) => {
        const first = renderStackFile(model, initialValues(model));
        let text = first;
        let values = initialValues(model);
        const back = listPools(model).map(({ initial }, index): [number, number] => [index, initial]);
        for (const [picked, value] of [...edits, ...back]) {
          const { index, location } = poolAt(model, picked);
          const edited = editPoolValue(text, location, value);
          values = values.with(index, value);
          text = edited.kind === "edited" ? edited.text : edited.refusal.message;
          expect(text).toBe(renderStackFile(model, values));
        }
        expect(text).toBe(first);
      }),
      { numRuns: 20 },
    );
  });

  it("and a change of anything else is seen", () => {
    fc.assert(
      fc.property(
        stackFileModel,
        pick,
        fc.constantFrom("x", "3", "#", " ", "\n"),
        (model, position, inserted) => {
          const text = renderStackFile(model, initialValues(model));
          const at = position % (text.length + 1);
          const changed = text.slice(0, at) + inserted + text.slice(at);
          const locations = listPools(model).map(({ location }) => location);
          if (!differsOnlyInPoolValues(text, changed, locations)) return;
          const read = (file: string) => locations.map((location) => readPoolValue(file, location));
          const values = read(changed).map((result) => (result.kind === "value" ? result.value : Number.NaN));
          expect(changed).toBe(renderStackFile(model, values));
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("no text makes the editor throw, or write without a value to change", () => {
  const fragment = fc.constantFrom(
    ...[
      "config:",
      "shop:web",
      ": ",
      "3",
      "\n",
      "  ",
      "- ",
      "{",
      "}",
      "[",
      "]",
      ",",
      "'",
      '"',
      "#",
      "&a ",
      "*a",
      "<<",
    ],
    ...[
      "!!int ",
      "|",
      ">",
      "---",
      "...",
      "%YAML 1.1",
      "? ",
      "\t",
      "\r\n",
      "\uFEFF",
      "\\",
      "secure",
      "environment: x",
      "🚀",
    ],
  );
  const text = fc.oneof(
    fc.array(fragment, { maxLength: 30 }).map((parts) => parts.join("")),
    fc.array(fragment, { maxLength: 20 }).map((parts) => `config:\n  shop:web: 3${parts.join("")}`),
    fc.string({ unit: "binary" }),
  );

  it("whatever it is", () => {
    fc.assert(
      fc.property(text, poolValue, (file, value) => {
        const location = { project: "shop", configKey: "web" };
        const read = readPoolValue(file, location);
        const edited = editPoolValue(file, location, value);
        expect(edited.kind === "edited").toBe(read.kind === "value");
        if (edited.kind === "edited" && read.kind === "value") {
          expect(edited.from).toBe(read.value);
          const growth = String(value).length - String(read.value).length;
          expect(edited.text.length - file.length).toBe(growth);
          expect(differsOnlyInPoolValues(file, edited.text, [location])).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
