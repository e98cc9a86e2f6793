import { Chart, Testing } from 'cdk8s';
import { Cpu, Deployment, type ContainerPort } from 'cdk8s-plus-28';
import { HomeLoadBalancer, type HomeLoadBalancerProps } from '../src';

/** What a chart makes of one kind, validations included. */
export function manifests(chart: Chart, kind: string): any[] {
  return Testing.synth(chart).filter((object) => object.kind === kind);
}

/** A load balancer without the custom resource definitions, which take a while to read. */
export function balancer(chart: Chart, props: HomeLoadBalancerProps = {}, id = 'lb'): HomeLoadBalancer {
  return new HomeLoadBalancer(chart, id, { crds: false, ...props });
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
