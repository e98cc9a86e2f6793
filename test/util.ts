import { Chart, Testing } from 'cdk8s';
import { Cpu, Deployment, type ContainerPort } from 'cdk8s-plus-28';
import { HomeLoadBalancer, type HomeLoadBalancerProps, WebhookPolicy } from '../src';

/** What a chart makes of one kind, validations included; without the Service of the webhook. */
export function manifests(chart: Chart, kind: string): any[] {
  return Testing.synth(chart).filter((object) => object.kind === kind && object.metadata.name !== 'metallb-webhook-service');
}

/** A load balancer without the custom resource definitions, which take a while to read. A cluster has one webhook, that of the first. */
export function balancer(chart: Chart, props: HomeLoadBalancerProps = {}, id = 'lb'): HomeLoadBalancer {
  return new HomeLoadBalancer(chart, id, { crds: false, webhookPolicy: id === 'lb' ? undefined : WebhookPolicy.NONE, ...props });
}

/** An application that listens on some ports. */
export function application(chart: Chart, id: string, ...ports: (number | ContainerPort)[]): Deployment {
  return new Deployment(chart, id, {
    containers: [{
      image: 'example.org/application',
      resources: { cpu: { request: Cpu.millis(10) } },
      ports: ports.map((port) => typeof port === 'number' ? { number: port, name: `tcp-${port}` } : port),
    }],
  });
}
