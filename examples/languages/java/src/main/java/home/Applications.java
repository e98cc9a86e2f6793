package home;

import java.util.List;
import org.cdk8s.ApiObjectMetadata;
import org.cdk8s.Size;
import org.cdk8s.plus28.ApiResource;
import org.cdk8s.plus28.ApiResourceOptions;
import org.cdk8s.plus28.ClusterRole;
import org.cdk8s.plus28.ContainerPort;
import org.cdk8s.plus28.ContainerProps;
import org.cdk8s.plus28.ContainerResources;
import org.cdk8s.plus28.ContainerSecurityContextProps;
import org.cdk8s.plus28.Cpu;
import org.cdk8s.plus28.CpuResources;
import org.cdk8s.plus28.Deployment;
import org.cdk8s.plus28.Env;
import org.cdk8s.plus28.EnvValue;
import org.cdk8s.plus28.ImagePullPolicy;
import org.cdk8s.plus28.MemoryResources;
import org.cdk8s.plus28.PodSecurityContextProps;
import org.cdk8s.plus28.Protocol;
import org.cdk8s.plus28.ServiceAccount;
import software.constructs.Construct;

/** What a household runs: an ingress controller, a media server, a game server. */
final class Applications {
  private static final ApiObjectMetadata METADATA = ApiObjectMetadata.builder().namespace("default").build();

  private Applications() {}

  /** An ingress controller: it serves the Ingress objects of the cluster on ports 80 and 443. */
  static Deployment ingressController(Construct scope) {
    ServiceAccount serviceAccount = ServiceAccount.Builder.create(scope, "ingress-account").metadata(METADATA).build();
    ClusterRole role = new ClusterRole(scope, "ingress-role");
    role.allowRead(ApiResource.INGRESSES, ApiResource.INGRESS_CLASSES, ApiResource.SERVICES, ApiResource.ENDPOINT_SLICES);
    role.allowRead(ApiResource.SECRETS, ApiResource.NODES);
    role.allow(List.of("update"), ApiResource.custom(
        ApiResourceOptions.builder().apiGroup("networking.k8s.io").resourceType("ingresses/status").build()));
    role.bind(serviceAccount);
    return application(scope, "ingress", serviceAccount, ContainerProps.builder()
        .image("traefik:v3.5")
        .args(List.of("--providers.kubernetesingress", "--entrypoints.web.address=:80", "--entrypoints.websecure.address=:443"))
        .ports(List.of(
            ContainerPort.builder().name("http").number(80).build(),
            ContainerPort.builder().name("https").number(443).build())));
  }

  /** A media server. */
  static Deployment jellyfin(Construct scope) {
    return application(scope, "jellyfin", null, ContainerProps.builder()
        .image("jellyfin/jellyfin:10.10.7")
        .ports(List.of(ContainerPort.builder().name("web").number(8096).build())));
  }

  /** A game server that players reach by TCP and server lists by UDP, on the same port number. */
  static Deployment gameServer(Construct scope) {
    Deployment game = application(scope, "minecraft", null, ContainerProps.builder()
        .image("itzg/minecraft-server:java21")
        .ports(List.of(
            ContainerPort.builder().name("game").number(25565).build(),
            ContainerPort.builder().name("query").number(25565).protocol(Protocol.UDP).build())));
    // One by one, because Map.of() has no order, and manifests should not differ from run to run.
    Env environment = game.getContainers().get(0).getEnv();
    environment.addVariable("EULA", EnvValue.fromValue("TRUE"));
    environment.addVariable("ENABLE_QUERY", EnvValue.fromValue("true"));
    return game;
  }

  private static Deployment application(Construct scope, String name, ServiceAccount serviceAccount, ContainerProps.Builder container) {
    return Deployment.Builder.create(scope, name)
        .metadata(METADATA)
        .replicas(1)
        .serviceAccount(serviceAccount)
        .automountServiceAccountToken(serviceAccount != null)
        .securityContext(PodSecurityContextProps.builder().ensureNonRoot(false).build())
        .containers(List.of(container
            .name(name)
            .imagePullPolicy(ImagePullPolicy.IF_NOT_PRESENT)
            .resources(ContainerResources.builder()
                .cpu(CpuResources.builder().request(Cpu.millis(100)).build())
                .memory(MemoryResources.builder().request(Size.mebibytes(128)).build())
                .build())
            .securityContext(ContainerSecurityContextProps.builder().ensureNonRoot(false).readOnlyRootFilesystem(false).build())
            .build()))
        .build();
  }
}
