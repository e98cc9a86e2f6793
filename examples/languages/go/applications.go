package main

import (
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	kplus "github.com/cdk8s-team/cdk8s-plus-go/cdk8splus28/v2"
)

var metadata = &cdk8s.ApiObjectMetadata{Namespace: jsii.String("default")}

// ingressController serves the Ingress objects of the cluster on ports 80 and 443.
func ingressController(scope constructs.Construct) kplus.Deployment {
	serviceAccount := kplus.NewServiceAccount(scope, jsii.String("ingress-account"), &kplus.ServiceAccountProps{Metadata: metadata})
	role := kplus.NewClusterRole(scope, jsii.String("ingress-role"), nil)
	role.AllowRead(kplus.ApiResource_INGRESSES(), kplus.ApiResource_INGRESS_CLASSES(), kplus.ApiResource_SERVICES(), kplus.ApiResource_ENDPOINT_SLICES())
	role.AllowRead(kplus.ApiResource_SECRETS(), kplus.ApiResource_NODES())
	role.Allow(jsii.Strings("update"), kplus.ApiResource_Custom(&kplus.ApiResourceOptions{
		ApiGroup:     jsii.String("networking.k8s.io"),
		ResourceType: jsii.String("ingresses/status"),
	}))
	role.Bind(serviceAccount)
	return application(scope, "ingress", serviceAccount, kplus.ContainerProps{
		Image: jsii.String("traefik:v3.5"),
		Args:  jsii.Strings("--providers.kubernetesingress", "--entrypoints.web.address=:80", "--entrypoints.websecure.address=:443"),
		Ports: &[]*kplus.ContainerPort{
			{Name: jsii.String("http"), Number: jsii.Number(80)},
			{Name: jsii.String("https"), Number: jsii.Number(443)},
		},
	})
}

// jellyfin is a media server.
func jellyfin(scope constructs.Construct) kplus.Deployment {
	return application(scope, "jellyfin", nil, kplus.ContainerProps{
		Image: jsii.String("jellyfin/jellyfin:10.10.7"),
		Ports: &[]*kplus.ContainerPort{{Name: jsii.String("web"), Number: jsii.Number(8096)}},
	})
}

// gameServer is what players reach by TCP and server lists by UDP, on the same port number.
func gameServer(scope constructs.Construct) kplus.Deployment {
	game := application(scope, "minecraft", nil, kplus.ContainerProps{
		Image: jsii.String("itzg/minecraft-server:java21"),
		Ports: &[]*kplus.ContainerPort{
			{Name: jsii.String("game"), Number: jsii.Number(25565)},
			{Name: jsii.String("query"), Number: jsii.Number(25565), Protocol: kplus.Protocol_UDP},
		},
	})
	// One by one, because a map has no order, and manifests should not differ from run to run.
	environment := (*game.Containers())[0].Env()
	environment.AddVariable(jsii.String("EULA"), kplus.EnvValue_FromValue(jsii.String("TRUE")))
	environment.AddVariable(jsii.String("ENABLE_QUERY"), kplus.EnvValue_FromValue(jsii.String("true")))
	return game
}

// application is a Deployment of one container.
func application(scope constructs.Construct, name string, serviceAccount kplus.ServiceAccount, container kplus.ContainerProps) kplus.Deployment {
	container.Name = &name
	container.ImagePullPolicy = kplus.ImagePullPolicy_IF_NOT_PRESENT
	container.Resources = &kplus.ContainerResources{
		Cpu:    &kplus.CpuResources{Request: kplus.Cpu_Millis(jsii.Number(100))},
		Memory: &kplus.MemoryResources{Request: cdk8s.Size_Mebibytes(jsii.Number(128))},
	}
	container.SecurityContext = &kplus.ContainerSecurityContextProps{
		EnsureNonRoot:          jsii.Bool(false),
		ReadOnlyRootFilesystem: jsii.Bool(false),
	}
	return kplus.NewDeployment(scope, &name, &kplus.DeploymentProps{
		Metadata:                     metadata,
		Replicas:                     jsii.Number(1),
		ServiceAccount:               serviceAccount,
		AutomountServiceAccountToken: jsii.Bool(serviceAccount != nil),
		SecurityContext:              &kplus.PodSecurityContextProps{EnsureNonRoot: jsii.Bool(false)},
		Containers:                   &[]*kplus.ContainerProps{&container},
	})
}
