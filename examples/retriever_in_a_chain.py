"""A GroundGLM base as the retriever of an ordinary LangChain chain."""

import tempfile

from langchain_core.documents import Document
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnablePassthrough

from groundglm import ChatGLM3, KnowledgeBase

PASSAGES = {
    "赵州桥": "赵州桥位于河北省赵县，由隋代工匠李春主持建造，是一座单孔石拱桥。",
    "Firth of Forth": "The Forth Bridge in Scotland was opened in March 1890.",
}


def as_evidence(documents: list[Document]) -> str:
    """Documents in the numbered form that a grounded model reads."""
    return "\n".join(
        f"[{number}] passage: {document.metadata['title']}\n  {document.page_content}"
        for number, document in enumerate(documents, start=1)
    )


with tempfile.TemporaryDirectory() as folder, KnowledgeBase.open(folder) as base:
    base.add_documents(
        Document(text, id=title, metadata={"title": title}) for title, text in PASSAGES.items()
    )
    prompt = ChatPromptTemplate.from_messages(
        [("human", "Known information:\n{evidence}\n\nQuestion: {question}")]
    )
    chain = (
        {"evidence": base.as_retriever(k=2) | as_evidence, "question": RunnablePassthrough()}
        | prompt
        | ChatGLM3(engine="extractive", question_holds_evidence=True)
        | StrOutputParser()
    )
    print(chain.invoke("谁主持建造了赵州桥？"))
    print(chain.invoke("When was the Forth Bridge opened?"))
