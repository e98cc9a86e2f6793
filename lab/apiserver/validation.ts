import { Cause, JsonObject } from './objects';

/** Collects what is wrong with an object, in the words of Kubernetes. */
export class Causes {
  readonly list: Cause[] = [];

  required(field: string, detail = ''): void {
    this.list.push({ reason: 'FieldValueRequired', message: `Required value${detail ? `: ${detail}` : ''}`, field });
  }

  invalid(field: string, value: unknown, detail: string): void {
    this.list.push({ reason: 'FieldValueInvalid', message: `Invalid value: ${JSON.stringify(value)}: ${detail}`, field });
  }

  forbidden(field: string, detail: string): void {
    this.list.push({ reason: 'FieldValueForbidden', message: `Forbidden: ${detail}`, field });
  }

  duplicate(field: string, value: unknown): void {
    this.list.push({ reason: 'FieldValueDuplicate', message: `Duplicate value: ${JSON.stringify(value)}`, field });
  }

  /** Requires `value`, if there is one, to be among `allowed`. */
  oneOf(field: string, value: unknown, allowed: readonly string[]): void {
    if (value === undefined || allowed.includes(value as string)) return;
    const list = [...allowed].sort().map((item) => `"${item}"`).join(', ');
    this.list.push({ reason: 'FieldValueNotSupported', message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${list}`, field });
  }
}

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const LABEL_1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const QUALIFIED_NAME = /^([a-zA-Z0-9]([-a-zA-Z0-9_.]*[a-zA-Z0-9])?)$/;

/** Checks name, labels and annotations. RBAC names may hold anything that fits into a URL. */
export function checkMetadata(group: string, kind: string, metadata: JsonObject, causes: Causes): void {
  const { name } = metadata;
  if (group === 'rbac.authorization.k8s.io') {
    if (/[/%]/.test(name) || name === '.' || name === '..') causes.invalid('metadata.name', name, 'may not contain \'/\' or \'%\'');
  } else if (kind === 'Service') {
    if (name.length > 63 || !LABEL_1035.test(name)) {
      causes.invalid('metadata.name', name, 'a DNS-1035 label must consist of lower case alphanumeric characters or \'-\', start with an alphabetic character, and end with an alphanumeric character (e.g. \'my-name\',  or \'abc-123\', regex used for validation is \'[a-z]([-a-z0-9]*[a-z0-9])?\')');
    }
  } else if (kind === 'Namespace') {
    if (name.length > 63 || !LABEL.test(name)) {
      causes.invalid('metadata.name', name, 'a lowercase RFC 1123 label must consist of lower case alphanumeric characters or \'-\', and must start and end with an alphanumeric character (e.g. \'my-name\',  or \'123-abc\', regex used for validation is \'[a-z0-9]([-a-z0-9]*[a-z0-9])?\')');
    }
  } else if (name.length > 253 || !SUBDOMAIN.test(name)) {
    causes.invalid('metadata.name', name, 'a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, \'-\' or \'.\', and must start and end with an alphanumeric character (e.g. \'example.com\', regex used for validation is \'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\')');
  }
  for (const [key, value] of Object.entries((metadata.labels ?? {}) as JsonObject)) {
    checkKey('metadata.labels', key, causes);
    if (typeof value !== 'string' || value.length > 63 || (value !== '' && !QUALIFIED_NAME.test(value))) {
      causes.invalid('metadata.labels', value, 'a valid label must be an empty string or consist of alphanumeric characters, \'-\', \'_\' or \'.\', and must start and end with an alphanumeric character (e.g. \'MyValue\',  or \'my_value\',  or \'12345\', regex used for validation is \'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?\')');
    }
  }
  for (const key of Object.keys(metadata.annotations ?? {})) checkKey('metadata.annotations', key, causes);
}

function checkKey(field: string, key: string, causes: Causes): void {
  const parts = key.split('/');
  const name = parts[parts.length - 1];
  const valid = parts.length <= 2 && name.length <= 63 && QUALIFIED_NAME.test(name) && (parts.length === 1 || SUBDOMAIN.test(parts[0].toLowerCase()));
  if (!valid) {
    causes.invalid(field, key, 'name part must consist of alphanumeric characters, \'-\', \'_\' or \'.\', and must start and end with an alphanumeric character (e.g. \'MyName\',  or \'my.name\',  or \'123-abc\', regex used for validation is \'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]\')');
  }
}
