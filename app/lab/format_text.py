"""The text on which a re-quantised model is compared with the one it was made from: plain English of several kinds."""

TEXT = """\
The lighthouse at the end of the harbour was built in 1871, after three ships had been lost in one winter. Its keeper
lived in two small rooms below the lamp, with a stove, a shelf of books and a window towards the open sea. Every evening
he climbed the stairs, cleaned the glass and lit the flame, and every morning he wrote into a heavy book how the night
had been: the direction of the wind, the height of the waves, the names of the ships that had passed.

Question: Why do we see lightning before we hear thunder?
Answer: Light travels about 300,000 kilometres in a second, and sound only about 340 metres. Both begin at the same
moment, but the sound of a storm that is three kilometres away needs almost nine seconds to reach us. If you count the
seconds between the two and divide by three, you know roughly how many kilometres away the storm is.

To make bread you need flour, water, salt and time. Mix 500 grams of flour with 350 grams of water, and let it rest for
half an hour. Then add ten grams of salt and a little yeast, and fold the dough over itself a few times. Cover it and
leave it in a warm place until it has doubled in size. Shape it carefully, so that the air stays in it, and bake it in a
very hot oven for about forty minutes. It is done when it sounds hollow as you knock on its bottom.

def mean(values):
    if not values:
        raise ValueError("there is nothing to take the mean of")
    return sum(values) / len(values)

Dear Mrs. Hansen, thank you for your letter of 12 March. We have looked at the invoice again, and you are right: the
second delivery was charged twice. The amount of 48.20 euros will be returned to your account within five working days.
We are sorry for the trouble, and as a small apology the next delivery will be free of charge. If you have any further
questions, please call us between nine and five. Yours sincerely, Peter Lund.
"""
