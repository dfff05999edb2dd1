"""From one store into another: everything but what goes by itself, and proof that it has arrived."""

from contextlib import ExitStack

from ticketing.domain.errors import StorageDamagedError
from ticketing.domain.progress import Progress, Steps
from ticketing.storage.archive import canonical
from ticketing.storage.whole import Content, Digest, NamedContents, Source, Target, content_of


def move(source: Source, target: Target, progress: Progress) -> dict[str, int]:
    """
    Copy everything into an empty place, and return how many documents of each kind arrived.

    The source is only read, and may be worked with meanwhile. Cut off at any moment, nothing has arrived, and the
    target is no store until this was begun again and came to its end. *progress* is told of each document twice: when
    it is sent, and when it is read back. Raises RefusedError for a target that holds something, and
    StorageDamagedError for a document that is not valid, or when what arrived is not what was sent.
    """
    with ExitStack() as reading:
        documents = reading.enter_context(source.documents())
        steps = Steps(2 * sum(map(len, documents.values())), progress)
        with target.moving_in() as arrival:
            sent: Content = {}
            contents = NamedContents()
            for name, found in documents.items():
                digest = Digest()
                as_we_write = ((key, canonical(name, raw)) for key, raw in contents.over(steps.over(found)))
                arrival.take(name, digest.over(as_we_write))
                sent |= digest.content(name)
            for sha256 in contents.named:
                arrival.take_content(sha256, source.files.read(sha256))
            reading.close()
            arrived = content_of(arrival.documents(), steps)
            if arrived != sent:
                raise StorageDamagedError("What arrived is not what was sent, so it was not kept. Please try again.")
    return {name: number for name, (number, _) in arrived.items()}
