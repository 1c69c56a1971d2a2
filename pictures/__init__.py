"""Pictures for the chat: drawn as SVG from plain values, turned into PNG in a process of its own."""
