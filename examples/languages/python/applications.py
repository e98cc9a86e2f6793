"""What a household runs: an ingress controller, a media server, a game server."""
import cdk8s_plus_28 as kplus
from cdk8s import ApiObjectMetadata, Size
from constructs import Construct

METADATA = ApiObjectMetadata(namespace="default")


def ingress_controller(scope: Construct) -> kplus.Deployment:
    """An ingress controller: it serves the Ingress objects of the cluster on ports 80 and 443."""
    service_account = kplus.ServiceAccount(scope, "ingress-account", metadata=METADATA)
    role = kplus.ClusterRole(scope, "ingress-role")
    role.allow_read(
        kplus.ApiResource.INGRESSES,
        kplus.ApiResource.INGRESS_CLASSES,
        kplus.ApiResource.SERVICES,
        kplus.ApiResource.ENDPOINT_SLICES,
    )
    role.allow_read(kplus.ApiResource.SECRETS, kplus.ApiResource.NODES)
    role.allow(["update"], kplus.ApiResource.custom(api_group="networking.k8s.io", resource_type="ingresses/status"))
    role.bind(service_account)
    return application(
        scope,
        "ingress",
        service_account,
        image="traefik:v3.5",
        args=["--providers.kubernetesingress", "--entrypoints.web.address=:80", "--entrypoints.websecure.address=:443"],
        ports=[kplus.ContainerPort(name="http", number=80), kplus.ContainerPort(name="https", number=443)],
    )


def jellyfin(scope: Construct) -> kplus.Deployment:
    """A media server."""
    return application(
        scope,
        "jellyfin",
        image="jellyfin/jellyfin:10.10.7",
        ports=[kplus.ContainerPort(name="web", number=8096)],
    )


def game_server(scope: Construct) -> kplus.Deployment:
    """A game server that players reach by TCP and server lists by UDP, on the same port number."""
    return application(
        scope,
        "minecraft",
        image="itzg/minecraft-server:java21",
        env_variables={
            "EULA": kplus.EnvValue.from_value("TRUE"),
            "ENABLE_QUERY": kplus.EnvValue.from_value("true"),
        },
        ports=[
            kplus.ContainerPort(name="game", number=25565),
            kplus.ContainerPort(name="query", number=25565, protocol=kplus.Protocol.UDP),
        ],
    )


def application(
    scope: Construct, name: str, service_account: kplus.ServiceAccount | None = None, **container
) -> kplus.Deployment:
    """A Deployment of one container."""
    return kplus.Deployment(
        scope,
        name,
        metadata=METADATA,
        replicas=1,
        service_account=service_account,
        automount_service_account_token=service_account is not None,
        security_context=kplus.PodSecurityContextProps(ensure_non_root=False),
        containers=[
            kplus.ContainerProps(
                name=name,
                image_pull_policy=kplus.ImagePullPolicy.IF_NOT_PRESENT,
                resources=kplus.ContainerResources(
                    cpu=kplus.CpuResources(request=kplus.Cpu.millis(100)),
                    memory=kplus.MemoryResources(request=Size.mebibytes(128)),
                ),
                security_context=kplus.ContainerSecurityContextProps(
                    ensure_non_root=False, read_only_root_filesystem=False
                ),
                **container,
            )
        ],
    )
