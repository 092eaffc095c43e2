#!/usr/bin/env bash
# ChatGLM3 in vLLM, for `groundglm serve` on this machine or others. Convert the checkpoint before:
#   groundglm convert chatglm3-6b chatglm3-6b-glm
#   deploy/vllm.sh chatglm3-6b-glm
#   groundglm check-model http://127.0.0.1:8000 --tokenizer chatglm3-6b-glm
#   groundglm serve kb    (with base_url and tokenizer under [engine] in kb/groundglm.toml)
set -euo pipefail
model=${1:?the folder of a converted checkpoint}
port=${2:-8000}
# guidance reads the grammar that holds tool calls; without it no call can be forced.
exec python -m vllm.entrypoints.openai.api_server --model "$model" --served-model-name chatglm3 \
    --host 127.0.0.1 --port "$port" --max-model-len 8192 \
    --structured-outputs-config '{"backend": "guidance"}'
