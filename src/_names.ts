import { ApiObjectMetadata } from 'cdk8s';
import { ConstructError } from './_errors';

/** What the objects of this library say about themselves. */
export const LABELS = {
  'app.kubernetes.io/name': 'home-load-balancer',
  'app.kubernetes.io/part-of': 'home-load-balancer',
  'app.kubernetes.io/managed-by': 'cdk8s',
};

/** Metadata of an object. A name that is there but undefined would keep cdk8s from making one up. */
export function metadataOf(name: string | undefined, namespace: string): ApiObjectMetadata {
  return { namespace, labels: LABELS, ...name !== undefined && { name } };
}

const SUBDOMAIN = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const QUALIFIED_NAME = /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
// net/core/dev.c, dev_valid_name(): up to 15 bytes, neither '.' nor '..', no slash, colon or blank
const INTERFACE = /^(?!\.{1,2}$)[^/:\s]{1,15}$/;

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
    pattern: QUALIFIED_NAME,
    allowed: 'up to 63 letters, digits, dashes, dots and underscores, with or without a domain before them, such as example.com/lan',
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
  if (name === undefined || isToken(name) || FORMS[form].pattern.test(name)) return;
  throw new ConstructError('INVALID_NAME', `${where} '${name}' is not valid: expected ${FORMS[form].allowed}`);
}

/** Whether a value is replaced during synthesis: a cdk8s `Lazy`, an object with `resolve()`, or the text that the AWS CDK writes for its tokens. */
export function isToken(value: any): boolean {
  return typeof value === 'string' ? value.includes('${Token[') : typeof value === 'object' && value !== null;
}
