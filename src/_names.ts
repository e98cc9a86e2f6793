import { ApiObjectMetadata } from 'cdk8s';
import { ConstructError } from './_errors';
import { checkList, isGiven, refuse, show } from './_values';

/** What the objects of this library say about themselves. */
export const LABELS = {
  'app.kubernetes.io/name': 'home-load-balancer',
  'app.kubernetes.io/part-of': 'home-load-balancer',
  'app.kubernetes.io/managed-by': 'cdk8s',
};

/** Metadata of an object. A name that is there but undefined would keep cdk8s from making one up. */
export function metadataOf(name: string | undefined, namespace: string, labels: { [key: string]: string } = {}): ApiObjectMetadata {
  return { namespace, labels: { ...labels, ...LABELS }, ...name !== undefined && { name } };
}

const SUBDOMAIN = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const LABEL_KEY = /^(?:(?=.{1,253}\/)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*\/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
// net/core/dev.c, dev_valid_name(): up to 15 bytes, neither '.' nor '..', no slash, colon or blank. (ASCII, so that characters are bytes.)
const INTERFACE = /^(?!\.{1,2}$)[!-.0-9;-~]{1,15}$/;

const FORMS = {
  subdomain: {
    pattern: SUBDOMAIN,
    allowed: 'up to 253 lower-case letters, digits, dashes and dots, a letter or digit at both ends, such as lan-pool',
  },
  label: {
    pattern: LABEL,
    allowed: 'up to 63 lower-case letters, digits and dashes, a letter or digit at both ends, such as metallb-system',
  },
  class: {
    pattern: LABEL_KEY,
    allowed: 'up to 63 letters, digits, dashes, dots and underscores, with or without a domain before them, such as example.com/lan',
  },
  labelKey: {
    pattern: LABEL_KEY,
    allowed: 'up to 63 letters, digits, dashes, dots and underscores, with or without a domain before them, such as app or example.com/app',
  },
  labelValue: {
    pattern: LABEL_VALUE,
    allowed: 'up to 63 letters, digits, dashes, dots and underscores, a letter or digit at both ends, or nothing',
  },
  interface: {
    pattern: INTERFACE,
    allowed: 'the exact name of a network interface, up to 15 characters, such as eth0',
  },
};

/**
 * Refuses a name that the API server or the kernel would refuse later. Tokens pass: what they will say is not known yet.
 *
 * @param where construct path and property
 */
export function checkName(where: string, form: keyof typeof FORMS, name: any): void {
  if (!isGiven(name) || (typeof name === 'string' && FORMS[form].pattern.test(name))) return;
  throw new ConstructError('INVALID_NAME', `${where} ${show(name)} is not valid: expected ${FORMS[form].allowed}`);
}

/** Whether text has one of the forms that names can have. */
export function isName(form: keyof typeof FORMS, text: string): boolean {
  return FORMS[form].pattern.test(text);
}

/** Refuses a list with a name that would be refused later. */
export function checkNames(where: string, form: keyof typeof FORMS, names: any): void {
  checkList(where, names);
  if (isGiven(names)) names.forEach((name: any, i: number) => checkName(`${where}[${i}]`, form, name ?? ''));
}

/** Refuses labels that would be refused later. */
export function checkLabels(where: string, labels: any): void {
  if (!isGiven(labels)) return;
  if (typeof labels !== 'object' || Array.isArray(labels)) refuse(where, labels, 'labels and their values');
  for (const [key, value] of Object.entries(labels)) {
    checkName(`${where}: the key`, 'labelKey', key);
    checkName(`${where}: the value of ${key}`, 'labelValue', value ?? 0);
  }
}
