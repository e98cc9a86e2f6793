import { ApiObject, badRequest, isObject, JsonObject } from './objects';
import { ResourceType } from './resources';
import { allocate, carryOver, checkService, checkServiceStatus, defaultService, ServiceSurroundings } from './services';
import { Causes } from './validation';

/** What the server does with objects of one built-in kind beyond storing them. */
export interface KindBehaviour {
  /** A status given at creation is kept, instead of dropped. */
  readonly createsWithStatus?: boolean;
  /** Fills in defaults that depend on the object alone. */
  defaults?(object: JsonObject): void;
  /** Before an update is validated: keeps what was allocated. */
  carryOver?(object: JsonObject, old: ApiObject): void;
  check?(object: JsonObject, old: ApiObject | undefined, causes: Causes): void;
  checkStatus?(object: JsonObject, causes: Causes): void;
  /** Fills in what the server allocates. */
  allocate?(object: JsonObject, surroundings: ServiceSurroundings, causes: Causes): void;
}

const BEHAVIOURS: Record<string, KindBehaviour> = {
  '/services': { defaults: defaultService, carryOver, check: checkService, checkStatus: checkServiceStatus, allocate },
  '/nodes': {
    createsWithStatus: true,
    defaults(node) {
      node.spec ??= {};
      node.status ??= {};
    },
  },
  '/namespaces': {
    defaults(namespace) {
      namespace.spec ??= {};
      namespace.spec.finalizers ??= ['kubernetes'];
      namespace.status ??= {};
      namespace.status.phase ??= 'Active';
      namespace.metadata.labels = { ...namespace.metadata.labels, 'kubernetes.io/metadata.name': namespace.metadata.name };
    },
  },
  '/secrets': {
    defaults(secret) {
      secret.type ??= 'Opaque';
      for (const [key, value] of Object.entries((secret.stringData ?? {}) as Record<string, string>)) {
        secret.data ??= {};
        secret.data[key] = Buffer.from(value).toString('base64');
      }
      delete secret.stringData;
      for (const value of Object.values((secret.data ?? {}) as Record<string, string>)) {
        const at = /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?/.exec(value)![0].length;
        if (at < value.length) throw badRequest(`Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte ${at}`);
      }
    },
    check(secret, old, causes) {
      for (const key of Object.keys(secret.data ?? {})) {
        if (!/^[-._a-zA-Z0-9]+$/.test(key)) causes.invalid(`data[${key}]`, key, 'a valid config key must consist of alphanumeric characters, \'-\', \'_\' or \'.\'');
      }
      if (old && old.type !== secret.type) causes.invalid('type', secret.type, 'field is immutable');
    },
  },
  '/events': {
    defaults(event) {
      Object.assign(event, { eventTime: null, firstTimestamp: null, lastTimestamp: null, reportingComponent: '', reportingInstance: '', source: {}, ...event });
    },
    check(event, _old, causes) {
      const { involvedObject = {}, metadata } = event;
      if (isObject(involvedObject) && (involvedObject.namespace ?? 'default') !== metadata.namespace) {
        causes.invalid('involvedObject.namespace', involvedObject.namespace ?? '', 'does not match event.namespace');
      }
    },
  },
  'discovery.k8s.io/endpointslices': {
    defaults(slice) {
      slice.endpoints ??= null;
      slice.ports ??= null;
      for (const endpoint of (slice.endpoints ?? []) as JsonObject[]) endpoint.conditions ??= {};
      for (const port of (slice.ports ?? []) as JsonObject[]) {
        port.name ??= '';
        port.protocol ??= 'TCP';
      }
    },
    check(slice, old, causes) {
      if (!slice.addressType) causes.required('addressType');
      causes.oneOf('addressType', slice.addressType, ['FQDN', 'IPv4', 'IPv6']);
      if (old && old.addressType !== slice.addressType) causes.invalid('addressType', slice.addressType, 'field is immutable');
    },
  },
};

const NONE: KindBehaviour = {};

export function behaviourOf(type: ResourceType): KindBehaviour {
  return BEHAVIOURS[`${type.group}/${type.plural}`] ?? NONE;
}
