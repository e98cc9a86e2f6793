import { Lazy } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { LABELS, metadataOf } from './_names';
import { WEBHOOK_CONFIGURATION } from './_rbac';
import { selectorOf, WEBHOOK_PORT } from './_workloads';

/** The Service by which the API server reaches the webhook; the program makes certificates for this name. It is MetalLB's. */
const SERVICE = 'metallb-webhook-service';

/** The webhook's resources, with the versions of MetalLB's paths. A profile that somebody uses cannot be deleted; everything else can. */
const RESOURCES: readonly (readonly [kind: string, resource: string, version: string])[] = [
  ['bfdprofile', 'bfdprofiles', 'v1beta1'],
  ['bgpadvertisement', 'bgpadvertisements', 'v1beta1'],
  ['bgppeer', 'bgppeers', 'v1beta2'],
  ['community', 'communities', 'v1beta1'],
  ['ipaddresspool', 'ipaddresspools', 'v1beta1'],
  ['l2advertisement', 'l2advertisements', 'v1beta1'],
];

export interface WebhookSettings {
  readonly namespace: string;
  readonly failurePolicy: string;
  /** Whether objects of other namespaces are another load balancer's; otherwise they are refused as mistakes. */
  readonly onlyOwnNamespace: () => boolean;
}

/**
 * What tells the API server to ask the controller before it takes a change of the configuration. The controller puts its certificate authority there itself;
 * until it has done so, and whenever it is away, `failurePolicy` decides.
 */
export class AdmissionWebhook extends Construct {
  constructor(scope: Construct, id: string, { namespace, failurePolicy, onlyOwnNamespace }: WebhookSettings) {
    super(scope, id);
    new k8s.KubeService(this, 'Service', {
      metadata: metadataOf(SERVICE, namespace),
      spec: { selector: selectorOf('controller'), ports: [{ name: 'webhook', port: 443, targetPort: k8s.IntOrString.fromNumber(WEBHOOK_PORT) }] },
    });
    new k8s.KubeValidatingWebhookConfiguration(this, 'Resource', {
      metadata: { name: WEBHOOK_CONFIGURATION, labels: LABELS },
      webhooks: Lazy.any({
        produce: () => RESOURCES.map(([kind, resource, version]) => ({
          name: `${kind}validationwebhook.metallb.io`,
          admissionReviewVersions: ['v1'],
          clientConfig: { service: { name: SERVICE, namespace, path: `/validate-metallb-io-${version}-${kind}` } },
          failurePolicy,
          ...onlyOwnNamespace() && { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } },
          rules: [{
            apiGroups: ['metallb.io'],
            apiVersions: [version],
            operations: ['CREATE', 'UPDATE', ...kind === 'bfdprofile' ? ['DELETE'] : []],
            resources: [resource],
            scope: 'Namespaced',
          }],
          sideEffects: 'None',
          timeoutSeconds: 5,
        })),
      }) as any,
    });
  }
}
