import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { metadataOf } from './_names';
import { Balancer } from './_registry';
import { checkList, checkWhole, refuse } from './_values';
import { HEALTH_PORT, METRICS_PORT, selectorOf, WEBHOOK_PORT } from './_workloads';
import { NetworkPolicyOptions } from './network-policy-options';

/** Keeps the controller from talking to anybody but the API server, and others from reaching it but for metrics, health and the webhook. */
export class ControllerNetworkPolicy extends Construct {
  constructor(scope: Construct, id: string, { namespace, definesWebhook }: Balancer, props: NetworkPolicyOptions) {
    super(scope, id);
    const where = `${this.node.path}: apiServerPorts`;
    checkList(where, props.apiServerPorts);
    const ports = props.apiServerPorts ?? [443, 6443];
    if (ports.length === 0) refuse(where, ports, 'at least one port');
    ports.forEach((port, i) => checkWhole(`${where}[${i}]`, port ?? 0, 1, 65_535));
    const tcp = (port: number) => ({ protocol: 'TCP', port: k8s.IntOrString.fromNumber(port) });
    new k8s.KubeNetworkPolicy(this, 'Resource', {
      metadata: metadataOf('controller', namespace),
      spec: {
        podSelector: { matchLabels: selectorOf('controller') },
        policyTypes: ['Ingress', 'Egress'],
        ingress: [{ ports: [METRICS_PORT, HEALTH_PORT, ...definesWebhook ? [WEBHOOK_PORT] : []].map(tcp) }],
        egress: [{ ports: ports.map(tcp) }],
      },
    });
  }
}
