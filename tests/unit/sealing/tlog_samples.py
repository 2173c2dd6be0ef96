"""A link's checkpoint, its signers and two proofs, for the tests of their texts."""

from __future__ import annotations

from blo_schemas.hashes import leaf_hash
from blo_schemas.ids import CorridorId, LinkId, OfficeId
from blo_sealing.merkle import MerkleTree
from blo_sealing.signatures import SigningKey
from blo_sealing.tlog import (
    Checkpoint,
    NoteKey,
    SignatureType,
    SignedCheckpoint,
    cosign,
    merge,
    origin_of,
    sign_checkpoint,
)

LINK = LinkId("vn-kyson~la-xiengkhouang")
ORIGIN = origin_of(CorridorId("la-vn"), LINK)
WITNESS, KYSON, XIENG = OfficeId("vn-witness"), OfficeId("vn-kyson"), OfficeId("la-xiengkhouang")
WITNESS_KEY, KYSON_KEY, XIENG_KEY = (SigningKey(bytes([n]) * 32) for n in (1, 2, 3))
KEYS = (
    NoteKey(WITNESS, SignatureType.ED25519, WITNESS_KEY.public),
    NoteKey(KYSON, SignatureType.COSIGNATURE, KYSON_KEY.public),
    NoteKey(XIENG, SignatureType.COSIGNATURE, XIENG_KEY.public),
)
LEAVES = [leaf_hash(bytes([n]) * n) for n in range(8)]

# Golden: docs/wire-format.md §10 shows the same texts.
MERGED = """\
blo-exchange/la-vn/vn-kyson~la-xiengkhouang
7
sMxPAM2JMz7vEeYpo00cdGqm5NZJO7VT5NrDaHGrAOU=

— vn-witness dEQ+c2EbM7mlD6zNrxyljOKdjaVhxSZ9aN8xvcybKiIxKplHHpPBHjxhpDgi1YDUER5t6KW1SHz+2ymfHMkXsNc+PwU=
— vn-kyson kXPSzgAAAABntksAhh77uzQrJsgOmr0nhl+5AieSAx1V7c8HgdGA1A96cgECtNdgmrzcoOcJITxRSR+4IHLIohh0OcchbNb61DVBDQ==
— la-xiengkhouang fcMKkgAAAABntksBFE37ndU0AlICLPkKiSDO7nSwZ4k3K9Yx0YVkxK2UkZAK+arpyZXuuIbRIQPLRdy1YeKztJE0bkm62M2x7M9pCA==
"""
INCLUSION = f"""\
c2sp.org/tlog-proof@v1
index 5
z6W9P7NL4X/yeR9Tw9rAjx5F3xcXyUDBMvpppDGPBx4=
clbf/+XOOqo7Y4XfuTzy/2m17tHmWQOtI40zfcCsj3o=
L8XlmJZwAXqnjPryYDbcLgTuZ7f/peIzod7wNUlQ9BY=

{MERGED}"""
CONSISTENCY = f"""\
old 3
Zf3hPPHk6kIGwpMIJlcDdoTuRW5ABByBZQm2PhuJ04c=
nifF4HFRolsZMElFLu1T2GEoYkZh85gRP5mmApCRkZg=
U5e3X80CVUnlxsBMhrc+5J2KMTV0X04ILwg5fXn6N7M=
54N97O54GPQyeqkva5+CzIPNDcsg6p8vjivvGa0Khs0=

{MERGED}"""
VKEYS = [
    "vn-witness+74443e73+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c",
    "vn-kyson+9173d2ce+BIE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU",
    "la-xiengkhouang+7dc30a92+BO1JKMYo0cLG6ukDOJBZlWEpWSc6XGP5NjbBRhSshzfR",
]


def checkpoint(size: int, origin: str = ORIGIN) -> Checkpoint:
    return Checkpoint(origin, size, MerkleTree(LEAVES[:size]).root())


def merged(size: int) -> SignedCheckpoint:
    tree = checkpoint(size)
    return merge(
        [
            sign_checkpoint(tree, WITNESS, WITNESS_KEY),
            cosign(tree, KYSON, KYSON_KEY, 1_740_000_000),
            cosign(tree, XIENG, XIENG_KEY, 1_740_000_001),
        ]
    )
