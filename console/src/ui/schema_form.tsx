// A form from a JSON Schema (docs/reference/json-schema.md). What it has no field for is written
// as JSON; the server checks all of it either way.

import type { Json, JsonObject } from "../api/types";
import { useId, useState } from "preact/hooks";

interface Field {
  name: string;
  schema: JsonObject;
  required: boolean;
  value: Json | undefined;
  set: (value: Json | undefined) => void;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function typeOf(schema: JsonObject): string {
  if (Array.isArray(schema.enum)) return "enum";
  if (typeof schema.type === "string") return schema.type;
  return "any";
}

const text = (value: Json | undefined) => (typeof value === "string" ? value : "");
const number = (value: Json | undefined) => (typeof value === "number" ? value : undefined);

/** What the schema says beside the type, for a person. */
function hintOf(schema: JsonObject): string {
  const parts: string[] = [];
  const from = number(schema.minimum) ?? number(schema.exclusiveMinimum);
  const to = number(schema.maximum) ?? number(schema.exclusiveMaximum);
  if (from !== undefined && to !== undefined) parts.push(`from ${from} to ${to}`);
  else if (from !== undefined) parts.push(`at least ${from}`);
  else if (to !== undefined) parts.push(`at most ${to}`);
  if (text(schema.pattern)) parts.push(`like ${text(schema.pattern)}`);
  if (text(schema.format)) parts.push(text(schema.format));
  if (schema.default !== undefined) parts.push(`else ${JSON.stringify(schema.default)}`);
  return parts.join(", ");
}

function Frame(props: {
  field: Field;
  id: string;
  children: preact.ComponentChildren;
  note?: string;
}) {
  const { name, schema, required } = props.field;
  const hint = props.note ?? hintOf(schema);
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
    </div>
  );
}

function TextField({ field }: { field: Field }) {
  const id = useId();
  const { schema } = field;
  const long = (number(schema.maxLength) ?? 0) > 300;
  const shared = {
    id,
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
  return (
    <Frame field={field} id={id}>
      <input
        id={id}
        type="number"
        required={field.required}
        step={typeOf(schema) === "integer" ? 1 : "any"}
        min={number(schema.minimum)}
        max={number(schema.maximum)}
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
  const chosen = choices.findIndex(
    (choice) => JSON.stringify(choice) === JSON.stringify(field.value),
  );
  return (
    <Frame field={field} id={id}>
      <select
        id={id}
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
  const take = (value: string) => {
    setTyped(value);
    const lines = value.split("\n").filter((line) => line.trim() !== "");
    const isNumber = items === "integer" || items === "number";
    const values = lines.map((line) => (isNumber ? Number(line) : line));
    field.set(values.length || field.required ? values : undefined);
  };
  return (
    <Frame field={field} id={id} note="one on each line">
      <textarea
        id={id}
        class="short"
        value={typed}
        onInput={(event) => take(event.currentTarget.value)}
      />
    </Frame>
  );
}

function JsonField({ field }: { field: Field }) {
  const id = useId();
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
  if (type === "enum") return <ChoiceField field={field} choices={schema.enum as Json[]} />;
  if (type === "boolean") return <ChoiceField field={field} choices={[true, false]} />;
  if (type === "string") return <TextField field={field} />;
  if (type === "integer" || type === "number") return <NumberField field={field} />;
  if (type === "array" && ["string", "integer", "number"].includes(items)) {
    return <ListField field={field} />;
  }
  if (type === "object" && isObject(schema.properties)) return <Group field={field} />;
  return <JsonField field={field} />;
}

function Group({ field }: { field: Field }) {
  const value = isObject(field.value) ? field.value : {};
  return (
    <fieldset>
      <legend>{text(field.schema.title) || field.name}</legend>
      <SchemaFields
        schema={field.schema}
        value={value}
        onChange={(next) =>
          field.set(Object.keys(next).length || field.required ? next : undefined)
        }
      />
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
