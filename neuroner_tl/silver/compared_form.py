"""The form in which texts of mentions are compared with each other and with a blacklist."""


def compared_form(text: str) -> str:
    """Return a text in lower case with single spaces.

    Example:
        >>> compared_form("Breast \\n Cancer")
        'breast cancer'
    """
    return " ".join(text.lower().split())
