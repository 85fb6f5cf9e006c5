/** What `--help` says beside the options: examples to copy, and what the exit codes mean. */
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

Durations: 30m, 90s, 1h30m or 1800 (seconds). Restarts and outages of the tracker are waited out.
Results go to standard output, progress to standard error.
`;

export const exitCodeHelp = `
Exit codes:
   0  the image is where it must be
   1  something unexpected
   2  timed out
   3  the image was deleted, or its tag has moved to another digest
   4  the tracker refused the key
   5  the tracker could not be reached in the whole time
  64  bad usage, unknown registry or region, or no tracker at this address`;

export const statusHelp = `
Examples:
  acr-replication status contoso.azurecr.io/team/app:v1
  acr-replication status contoso.azurecr.io/team/app:v1 --output json | jq .missing

Exits with 0 whatever the answer is; acr-replication wait --timeout 0 asks once and exits with 2 for "not yet".
Otherwise 1, 4, 5 and 64 mean what they mean for wait.`;

export const imagesHelp = `
Examples:
  acr-replication images --state replicating
  acr-replication images --registry contoso --region westeurope --missing
  acr-replication images --output json | jq -r .image

Exit codes 1, 4, 5 and 64 mean what they mean for wait.`;

export const replicasHelp = `
Examples:
  acr-replication replicas
  acr-replication replicas --registry contoso --output json | jq '.regions[] | {region, lag}'

Exit codes 1, 4, 5 and 64 mean what they mean for wait.`;
