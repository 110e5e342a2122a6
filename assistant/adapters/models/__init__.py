"""Chat models: any that LangChain opens. LangChain is imported here and nowhere else."""
