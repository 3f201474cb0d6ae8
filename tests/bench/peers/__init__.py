"""What others have published, implemented from their papers and put beside the project's own method.

Each method gets the evidence that suits it best, the same alpha and the same count of completion tokens.
`side_by_side.py` compares; `evidence.py` asks the lab; the other modules hold one method each.
"""
