/** The contract, on a real etcd and kube-apiserver; and the reflector on one that freezes. */
import { apiContract } from './api-contract';
import { eventually } from './api-contract-support';
import { CONFIG_MAPS, KubeClient, loadKubeConfig, projectWhole, Reflector, ReflectorState } from '../../speaker/src/kube';
import { RealApiServer, startRealApiServer } from '../apiserver';

describe('the contract', () => {
  apiContract(async () => {
    const server = await startRealApiServer();
    return { kubeconfig: server.kubeconfig, compact: () => server.compact(), close: () => server.stop() };
  });
});

describe('a reflector', () => {
  let server: RealApiServer, client: KubeClient;

  beforeAll(async () => {
    server = await startRealApiServer();
    client = new KubeClient(loadKubeConfig({ kubeconfig: server.kubeconfig }), { pingIntervalMs: 200, pingTimeoutMs: 500, connectTimeoutMs: 1_000 });
  });
  afterAll(async () => {
    client?.close();
    await server?.stop();
  });

  test('finds out that the server is frozen (SIGSTOP), and goes on after it', async () => {
    const states: ReflectorState[] = [];
    const reflector = new Reflector(client, { resource: CONFIG_MAPS, namespace: 'default', project: projectWhole, onState: (state) => states.push(state) });
    reflector.start();
    await eventually(() => expect(reflector.healthy).toBe(true));
    server.pause();
    await eventually(() => expect(reflector.healthy).toBe(false));
    expect(states.at(-1)!.error!.message).toContain('did not answer an HTTP/2 PING within 500 ms');
    server.resume();
    await eventually(() => client.create(CONFIG_MAPS, { metadata: { name: 'after', namespace: 'default' } }), 20_000);
    await eventually(() => expect(reflector.store.get('default/after')).toBeDefined(), 20_000);
    expect(reflector.healthy).toBe(true);
    await reflector.stop();
  });
});
