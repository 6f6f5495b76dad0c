#!/usr/bin/env bash
# The inner paths of the text library with their allocations (BenchmarkDotNet, short job).
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"
exec dotnet run -c Release -v q -- "$@"
