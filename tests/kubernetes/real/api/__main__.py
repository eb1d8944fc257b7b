"""Data centres with Keycloak, as API servers of Kubernetes for the real kubectl.

Reads a JSON object a line on standard input and answers each with a line. The
first one says which data centres there are; it is answered with their ports.
After it, `{"change": CENTRE, "behave": PATCH, "objects": {KEY: PATCH}}` changes
what a data centre does and holds, by JSON merge patches, and `{"see": true}`
asks for all that there is and was. Ends with standard input, which the system
closes even when the test dies without a chance to clean up, and in any case
after LIMIT seconds.
"""

import json
import os
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from centre import Centre, Story  # noqa: E402
from server import serve  # noqa: E402

LIMIT = 10 * 60


def answer(value):
    print(json.dumps(value), flush=True)


def end():
    os._exit(0)


def main():
    timer = threading.Timer(LIMIT, end)
    timer.daemon = True
    timer.start()
    given = json.loads(sys.stdin.readline())
    story = Story(given.get("database"))
    centres = {name: Centre(name, story, how) for name, how in given["centres"].items()}
    answer({name: serve(centre) for name, centre in centres.items()})
    for line in sys.stdin:
        asked = json.loads(line)
        if "change" in asked:
            centres[asked["change"]].change(asked.get("behave", {}), asked.get("objects", {}))
            answer({})
        else:
            seen = {name: centre.view() for name, centre in centres.items()}
            answer({"story": list(story.entries), "centres": seen, "drops": len(story.marks)})
    for centre in centres.values():
        centre.close()
    end()


main()
