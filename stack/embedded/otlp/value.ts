// Values as OTLP has them, for spans and log records alike.

/** `bigint` is an OTLP int, `number` a double, `Uint8Array` bytes, `KeyValueList` a map, `null` an empty value. */
export type AttributeValue =
  | string
  | boolean
  | bigint
  | number
  | Uint8Array
  | readonly AttributeValue[]
  | KeyValueList
  | null;

export interface KeyValueList {
  readonly entries: readonly Attribute[];
}

export interface Attribute {
  readonly key: string;
  readonly value: AttributeValue;
}

export interface Resource {
  readonly attributes: readonly Attribute[];
  readonly droppedAttributesCount: number;
  readonly schemaUrl: string;
}

export interface Scope {
  readonly name: string;
  readonly version: string;
  readonly attributes: readonly Attribute[];
  readonly droppedAttributesCount: number;
  readonly schemaUrl: string;
}
