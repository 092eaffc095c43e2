"""GroundGLM: ChatGLM3 answers grounded in documents and a knowledge graph."""
