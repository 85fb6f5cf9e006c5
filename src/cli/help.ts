/** Additions to `--help`: examples to copy, and the meaning of exit codes. */
import { exitCodeMeanings } from './exit-codes.ts';

export const mainHelp = `
Examples:
  export ACR_REPLICATION_URL=https://tracker.azurewebsites.net ACR_REPLICATION_KEY=…
  acr-replication wait contoso.azurecr.io/team/app:v1
  acr-replication status contoso.azurecr.io/team/app:v1

acr-replication <command> --help shows the options and more examples of each command.`;

export const waitHelp = `
Examples:
  acr-replication wait contoso.azurecr.io/team/app:v1
  acr-replication wait contoso.azurecr.io/team/app@sha256:… --regions eastus,westeurope --timeout 10m
  acr-replication wait contoso.azurecr.io/team/app:v1 --require 2 --output json | jq -r .digest
  acr-replication wait contoso.azurecr.io/team/shop:v1 contoso.azurecr.io/team/worker:v1
  helm template shop ./chart | acr-replication wait -f -
  acr-replication wait --release shop-2.4

Several images are waited for together, until all are there at one time; the first that can never be there ends the wait.
Durations: 30m, 90s, 1h30m or 1800 (seconds). After restarts and outages of the tracker the command goes on; of several addresses
the next one is asked where one does not answer. HTTPS_PROXY, HTTP_PROXY and NO_PROXY are honoured.
Results go to standard output, progress to standard error.
`;

export const fileHelp = `
Files: a list with an image a line, Kubernetes manifests of any kind (as helm template and kustomize build print them), a
compose file, the metadata file of docker buildx or bake, or JSON with images. Images whose registry the tracker does not
track are named and left out. Variables and templates must have been replaced.
`;

export const exitCodeHelp = `
Exit codes:
${exitCodeMeanings.map(([code, meaning]) => ` ${String(code).padStart(3)}  ${meaning}`).join('\n')}`;

export const statusHelp = `
Examples:
  acr-replication status contoso.azurecr.io/team/app:v1
  acr-replication status contoso.azurecr.io/team/app:v1 --output json | jq .missing
  acr-replication status contoso.azurecr.io/team/app:v1 --artifacts signature
  acr-replication status -f release.yaml
  acr-replication status --release shop-2.4

Exits with 0 whatever the answer is; acr-replication wait --timeout 0 asks once and exits with 2 for "not yet".
Otherwise 1, 4, 5 and 64 mean what they mean for wait.`;

export const imagesHelp = `
Examples:
  acr-replication images --state replicating
  acr-replication images shop/cart:v1
  acr-replication images --registry contoso --missing westeurope
  acr-replication images --sort lag -o wide
  acr-replication images -o json | jq -r .image

Exit codes 1, 4, 5 and 64 mean what they mean for wait.`;

export const releasesHelp = `
Examples:
  acr-replication releases
  acr-replication releases -o wide
  acr-replication releases -o json | jq -r 'select(.availableAt == null) | .name'

acr-replication status --release NAME says what is missing of one release, and where.
Exit codes 1, 4, 5 and 64 mean what they mean for wait.`;

export const waitingHelp = `
Examples:
  acr-replication waiting
  acr-replication waiting --registry contoso --output json | jq '.waiting[] | {name, since}'

Clients are requests that wait and deployment checks without a verdict.
Exit codes 1, 4, 5 and 64 mean what they mean for wait.`;

export const replicasHelp = `
Examples:
  acr-replication replicas
  acr-replication replicas --registry contoso --output json | jq '.regions[] | {region, lag}'

Exit codes 1, 4, 5 and 64 mean what they mean for wait.`;

export const eventsHelp = `
Examples:
  acr-replication events contoso.azurecr.io/team/app:v1
  acr-replication events contoso.azurecr.io/team/app:v1 -o json | jq '.events[].data'

Exit codes 1, 4, 5 and 64 mean what they mean for wait.`;

export const replayHelp = `
Examples:
  acr-replication replay contoso.azurecr.io/team/app:v1 --key "$ADMIN_KEY"

The events keep their ids: receivers that drop repeats drop these. It needs an admin key of the app.
Exit codes 1, 4, 5 and 64 mean what they mean for wait.`;

export const completionHelp = `
Examples:
  acr-replication completion bash > /etc/bash_completion.d/acr-replication
  acr-replication completion zsh >> ~/.zshrc
  acr-replication completion fish > ~/.config/fish/completions/acr-replication.fish`;
