/** The contract, on a real etcd and kube-apiserver. */
import { startRealApiServer } from '../apiserver';
import { apiContract } from './api-contract';

apiContract(async () => {
  const server = await startRealApiServer();
  return { kubeconfig: server.kubeconfig, compact: () => server.compact(), close: () => server.stop() };
});
