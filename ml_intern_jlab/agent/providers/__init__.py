"""Where models come from: one module a provider, each of them giving a `LanguageModel`."""
