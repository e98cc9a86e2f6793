import { Size } from 'cdk8s';
import { ApiResource, ClusterRole, Cpu, Deployment, EnvValue, ImagePullPolicy, Protocol, ServiceAccount, type ContainerProps } from 'cdk8s-plus-28';
import { Construct } from 'constructs';

const metadata = { namespace: 'default' };

/** An ingress controller: it serves the Ingress objects of the cluster on ports 80 and 443. */
export function ingressController(scope: Construct): Deployment {
  const serviceAccount = new ServiceAccount(scope, 'ingress-account', { metadata });
  const role = new ClusterRole(scope, 'ingress-role');
  role.allowRead(ApiResource.INGRESSES, ApiResource.INGRESS_CLASSES, ApiResource.SERVICES, ApiResource.ENDPOINT_SLICES);
  role.allowRead(ApiResource.SECRETS, ApiResource.NODES);
  role.allow(['update'], ApiResource.custom({ apiGroup: 'networking.k8s.io', resourceType: 'ingresses/status' }));
  role.bind(serviceAccount);
  return application(scope, 'ingress', {
    image: 'traefik:v3.5',
    args: ['--providers.kubernetesingress', '--entrypoints.web.address=:80', '--entrypoints.websecure.address=:443'],
    ports: [{ name: 'http', number: 80 }, { name: 'https', number: 443 }],
  }, serviceAccount);
}

/** A media server. */
export function jellyfin(scope: Construct): Deployment {
  return application(scope, 'jellyfin', {
    image: 'jellyfin/jellyfin:10.10.7',
    ports: [{ name: 'web', number: 8096 }],
  });
}

/** A game server that players reach by TCP and server lists by UDP, on the same port number. */
export function gameServer(scope: Construct): Deployment {
  return application(scope, 'minecraft', {
    image: 'itzg/minecraft-server:java21',
    envVariables: { EULA: EnvValue.fromValue('TRUE'), ENABLE_QUERY: EnvValue.fromValue('true') },
    ports: [{ name: 'game', number: 25565 }, { name: 'query', number: 25565, protocol: Protocol.UDP }],
  });
}

function application(scope: Construct, name: string, container: ContainerProps, serviceAccount?: ServiceAccount): Deployment {
  return new Deployment(scope, name, {
    metadata,
    replicas: 1,
    serviceAccount,
    automountServiceAccountToken: serviceAccount !== undefined,
    securityContext: { ensureNonRoot: false },
    containers: [{
      name,
      imagePullPolicy: ImagePullPolicy.IF_NOT_PRESENT,
      resources: { cpu: { request: Cpu.millis(100) }, memory: { request: Size.mebibytes(128) } },
      securityContext: { ensureNonRoot: false, readOnlyRootFilesystem: false },
      ...container,
    }],
  });
}
