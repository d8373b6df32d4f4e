// A form from a JSON Schema (docs/reference/json-schema.md). What it has no field for is written
// as JSON; the server checks all of it either way.

import type { Json, JsonObject } from "../api/types";
import { createContext } from "preact";
import { useContext, useId, useState } from "preact/hooks";
import { hintOf, number, text } from "./schema_hint";

/** What the server has refused: where, as a JSON Pointer into what was sent, and why. */
export interface Wrong {
  at: string;
  why: string;
}
export const Refusal = createContext<Wrong | null>(null);

interface Field {
  name: string;
  /** A JSON Pointer. */
  at: string;
  schema: JsonObject;
  required: boolean;
  value: Json | undefined;
  set: (value: Json | undefined) => void;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function typeOf(schema: JsonObject): string {
  if (Array.isArray(schema.enum) || schema.const !== undefined) return "enum";
  if (typeof schema.type === "string") return schema.type;
  return "any";
}

/** Words for those who do not see that a field is the one that was refused. */
function useMark(field: Field, id: string) {
  const wrong = useContext(Refusal);
  if (wrong?.at !== field.at) return { wrong: null, marks: {} };
  return { wrong, marks: { "aria-invalid": true, "aria-describedby": `${id}-wrong` } as const };
}

function Frame(props: {
  field: Field;
  id: string;
  children: preact.ComponentChildren;
  note?: string;
}) {
  const { name, schema, required } = props.field;
  const { wrong } = useMark(props.field, props.id);
  const hint = [props.note, hintOf(schema)].filter(Boolean).join(", ");
  return (
    <div class="field">
      <label for={props.id} class="field-name">
        {text(schema.title) || name}
        {required && <span class="required"> (required)</span>}
      </label>
      {props.children}
      {(text(schema.description) || hint) && (
        <small>{[text(schema.description), hint].filter(Boolean).join(" · ")}</small>
      )}
      {wrong && (
        <span class="field-wrong" id={`${props.id}-wrong`}>
          {wrong.why}
        </span>
      )}
    </div>
  );
}

function TextField({ field }: { field: Field }) {
  const id = useId();
  const { schema } = field;
  const { marks } = useMark(field, id);
  const long = (number(schema.maxLength) ?? 0) > 300;
  const shared = {
    id,
    ...marks,
    required: field.required && number(schema.minLength) !== 0,
    value: text(field.value),
    minLength: number(schema.minLength),
    maxLength: number(schema.maxLength),
  };
  const set = (value: string) => field.set(value === "" && !field.required ? undefined : value);
  return (
    <Frame field={field} id={id}>
      {long ? (
        <textarea {...shared} onInput={(event) => set(event.currentTarget.value)} />
      ) : (
        <input {...shared} onInput={(event) => set(event.currentTarget.value)} />
      )}
    </Frame>
  );
}

function NumberField({ field }: { field: Field }) {
  const id = useId();
  const { schema } = field;
  const { marks } = useMark(field, id);
  const isWhole = typeOf(schema) === "integer";
  const above = isWhole ? number(schema.exclusiveMinimum) : undefined;
  const below = isWhole ? number(schema.exclusiveMaximum) : undefined;
  return (
    <Frame field={field} id={id}>
      <input
        id={id}
        {...marks}
        type="number"
        required={field.required}
        step={isWhole ? 1 : "any"}
        min={number(schema.minimum) ?? (above === undefined ? above : Math.floor(above) + 1)}
        max={number(schema.maximum) ?? (below === undefined ? below : Math.ceil(below) - 1)}
        value={number(field.value) ?? ""}
        onInput={(event) => {
          const { value, valueAsNumber } = event.currentTarget;
          field.set(value === "" || Number.isNaN(valueAsNumber) ? undefined : valueAsNumber);
        }}
      />
    </Frame>
  );
}

function ChoiceField({ field, choices }: { field: Field; choices: Json[] }) {
  const id = useId();
  const { marks } = useMark(field, id);
  const chosen = choices.findIndex(
    (choice) => JSON.stringify(choice) === JSON.stringify(field.value),
  );
  return (
    <Frame field={field} id={id}>
      <select
        id={id}
        {...marks}
        required={field.required}
        value={chosen < 0 ? "" : String(chosen)}
        onChange={(event) => {
          const at = event.currentTarget.value;
          field.set(at === "" ? undefined : choices[Number(at)]);
        }}
      >
        <option value="">{field.required ? "choose…" : "as by default"}</option>
        {choices.map((choice, index) => (
          <option value={String(index)} key={String(index)}>
            {typeof choice === "string" ? choice : JSON.stringify(choice)}
          </option>
        ))}
      </select>
    </Frame>
  );
}

function ListField({ field }: { field: Field }) {
  const id = useId();
  const items = isObject(field.schema.items) ? typeOf(field.schema.items) : "any";
  const shown = Array.isArray(field.value) ? field.value.map(String).join("\n") : "";
  const [typed, setTyped] = useState(shown);
  const { marks } = useMark(field, id);
  const take = (input: HTMLTextAreaElement) => {
    setTyped(input.value);
    const lines = input.value.split("\n").filter((line) => line.trim() !== "");
    const isNumber = items === "integer" || items === "number";
    const values = lines.map((line) => (isNumber ? Number(line) : line));
    const word = lines[values.findIndex((value) => Number.isNaN(value))];
    input.setCustomValidity(word === undefined ? "" : `This is no number: ${word}`);
    field.set(values.length || field.required ? values : undefined);
  };
  return (
    <Frame field={field} id={id} note="one on each line">
      <textarea
        id={id}
        {...marks}
        class="short"
        value={typed}
        onInput={(event) => take(event.currentTarget)}
      />
    </Frame>
  );
}

function JsonField({ field }: { field: Field }) {
  const id = useId();
  const { marks } = useMark(field, id);
  const first = field.value === undefined ? "" : JSON.stringify(field.value, null, 2);
  const [typed, setTyped] = useState(first);
  const take = (input: HTMLTextAreaElement) => {
    setTyped(input.value);
    try {
      field.set(input.value.trim() ? (JSON.parse(input.value) as Json) : undefined);
      input.setCustomValidity("");
    } catch (error) {
      input.setCustomValidity(`This is no JSON: ${(error as Error).message}`);
    }
  };
  return (
    <Frame field={field} id={id} note="as JSON">
      <textarea
        id={id}
        {...marks}
        class="short"
        required={field.required}
        value={typed}
        onInput={(event) => take(event.currentTarget)}
      />
    </Frame>
  );
}

function One({ field }: { field: Field }) {
  const { schema } = field;
  const type = typeOf(schema);
  const items = isObject(schema.items) ? typeOf(schema.items) : "";
  if (type === "enum") {
    const choices = Array.isArray(schema.enum) ? schema.enum : [schema.const as Json];
    return <ChoiceField field={field} choices={choices} />;
  }
  if (type === "boolean") return <ChoiceField field={field} choices={[true, false]} />;
  if (type === "string") return <TextField field={field} />;
  if (type === "integer" || type === "number") return <NumberField field={field} />;
  if (type === "array" && ["string", "integer", "number"].includes(items)) {
    return <ListField field={field} />;
  }
  if (type === "object" && isObject(schema.properties)) return <Group field={field} />;
  return <JsonField field={field} />;
}

/** One that may be left out but not be empty is given or not, as one says. */
function Group({ field }: { field: Field }) {
  const id = useId();
  const wrong = useContext(Refusal);
  const { schema } = field;
  const needs = Array.isArray(schema.required) ? schema.required.length : 0;
  const isAsked = !field.required && needs > 0;
  const isGiven = !isAsked || field.value !== undefined;
  const title = text(schema.title) || field.name;
  const set = (next: JsonObject) =>
    field.set(Object.keys(next).length || field.required || isAsked ? next : undefined);
  return (
    <fieldset>
      <legend>{title}</legend>
      {text(schema.description) && <small class="hint">{text(schema.description)}</small>}
      {isAsked && (
        <label class="check" for={id}>
          <input
            id={id}
            type="checkbox"
            checked={isGiven}
            onChange={(event) => field.set(event.currentTarget.checked ? {} : undefined)}
          />
          Give {title}
        </label>
      )}
      {wrong?.at === field.at && <span class="field-wrong">{wrong.why}</span>}
      {isGiven && (
        <SchemaFields
          schema={schema}
          value={isObject(field.value) ? field.value : {}}
          onChange={set}
          at={field.at}
        />
      )}
    </fieldset>
  );
}

/** Whether there are fields for it; if not, JSON is all there is. */
export function hasFields(schema: JsonObject | null): schema is JsonObject {
  return isObject(schema?.properties) && Object.keys(schema.properties).length > 0;
}

export function SchemaFields(props: {
  schema: JsonObject;
  value: JsonObject;
  onChange: (value: JsonObject) => void;
  at: string;
}) {
  const properties = isObject(props.schema.properties) ? props.schema.properties : {};
  const required = Array.isArray(props.schema.required) ? props.schema.required : [];
  const names = Object.keys(properties).sort(
    (a, b) => Number(required.includes(b)) - Number(required.includes(a)),
  );
  return (
    <>
      {names.map((name) => (
        <One
          key={name}
          field={{
            name,
            at: `${props.at}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`,
            schema: isObject(properties[name]) ? properties[name] : {},
            required: required.includes(name),
            value: props.value[name],
            set: (value) => {
              const next = { ...props.value };
              if (value === undefined) delete next[name];
              else next[name] = value;
              props.onChange(next);
            },
          }}
        />
      ))}
    </>
  );
}
