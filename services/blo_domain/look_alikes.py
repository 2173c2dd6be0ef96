"""Characters that look like a Latin letter.

Written by ``deploy/unicode/look-alikes``; don't edit. Source: Unicode Security Mechanisms (UTS #39),
``confusables.txt``, version 17.0.0, © Unicode, Inc., under the Unicode License V3
(https://www.unicode.org/license.txt); besides these the enclosed and small capital letters by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_BY_LETTER: Final = {
    "a": (
        "\u01cd\u01ce\u0226\u0227\u0251\u0391\u03b1\u0410\u0430\u13aa\u15c5\u1d00"
        "\u1e9a\u2376\u237a\ua4ee\uab7a\U000102a0\U00016f40\U0001ccd6\U0001d6a8"
        "\U0001d6c2\U0001d6e2\U0001d6fc\U0001d71c\U0001d736\U0001d756\U0001d770\U0001d790"
        "\U0001d7aa\U0001f150\U0001f170\U0001f1e6"
    ),
    "b": (
        "\u0180\u0182\u0183\u0184\u0253\u0299\u0392\u0411\u0412\u042c\u0432\u0462"
        "\u0463\u048c\u048d\u13cf\u13f4\u13fc\u1472\u1473\u15af\u15f7\u2c82\u2c83"
        "\ua4d0\ua7b4\U00010282\U000102a1\U00010301\U00016eb6\U0001ccd7\U0001d6a9"
        "\U0001d6e3\U0001d71d\U0001d757\U0001d791\U0001f151\U0001f171\U0001f1e7"
    ),
    "c": (
        "\xa2\xc7\xe7\u023c\u03f2\u03f9\u0421\u0441\u04aa\u04ab\u1004\u105a\u13df"
        "\u1d04\u20a1\u2ca4\u2ca5\ua4da\uabaf\U000102a2\U00010302\U00010415\U0001043d"
        "\U0001051c\U000118e9\U000118f2\U0001ccd8\U0001f152\U0001f172\U0001f1e8\U0001f74c"
    ),
    "d": (
        "\xd0\u0110\u0111\u0189\u018c\u0256\u0257\u0501\u13a0\u13e7\u146f\u15de\u15ea"
        "\u1d05\u20ab\ua4d2\ua4d3\uab70\U0001ccd9\U0001f153\U0001f173\U0001f1e9"
    ),
    "e": (
        "\u011a\u011b\u0246\u0247\u0395\u0415\u0435\u04bd\u04bf\u13ac\u1d07\u212e"
        "\u22ff\u2d39\ua4f0\uab32\uab7c\U00010286\U000118a6\U000118ae\U0001ccda"
        "\U0001d6ac\U0001d6e6\U0001d720\U0001d75a\U0001d794\U0001f154\U0001f174\U0001f1ea"
    ),
    "f": (
        "\u0191\u0192\u03dc\u0584\u15b4\u1d6e\u1e9d\ua4dd\ua730\ua798\ua799\uab35"
        "\U00010287\U000102a5\U00010525\U000118a2\U000118c2\U0001ccdb\U0001d213\U0001d7ca"
        "\U0001f155\U0001f175\U0001f1eb"
    ),
    "g": (
        "\u018d\u01e4\u01e5\u01e6\u01e7\u01f5\u0260\u0261\u0262\u050c\u050d\u0581"
        "\u13c0\u13f3\u13fb\u1d83\ua4d6\uab90\U0001ccdc\U0001f156\U0001f176\U0001f1ec"
    ),
    "h": (
        "\u0126\u0127\u0266\u029c\u0397\u041d\u043d\u045b\u04a2\u04a3\u04bb\u04c7"
        "\u04c8\u04c9\u04ca\u0570\u13bb\u13c2\u13f2\u157c\u210f\u2c67\u2c8e\u2c8f"
        "\ua4e7\ua695\uab8b\U000102cf\U0001ccdd\U0001d6ae\U0001d6e8\U0001d722\U0001d75c"
        "\U0001d796\U0001f157\U0001f177\U0001f1ed"
    ),
    "i": (
        "\u0131\u01cf\u01d0\u0268\u0269\u026a\u02db\u037a\u03b9\u0456\u0582\u13a5"
        "\u1d7b\u1d7c\u1fbe\u2373\u2378\u2c93\ua647\uab75\U000118c3\U0001d6a4\U0001d6ca"
        "\U0001d704\U0001d73e\U0001d778\U0001d7b2\U0001f158\U0001f178\U0001f1ee"
    ),
    "j": (
        "\u0248\u0249\u037f\u03f3\u0408\u0458\u13ab\u148d\u1d0a\ua4d9\ua7b2\uab7b"
        "\U0001ccdf\U0001f159\U0001f179\U0001f1ef"
    ),
    "k": (
        "\u0199\u039a\u041a\u049a\u049e\u13e6\u16d5\u1d0b\u20ad\u2c69\u2c94\ua4d7"
        "\ua740\U00010518\U0001cce0\U0001d6b1\U0001d6eb\U0001d725\U0001d75f\U0001d799"
        "\U0001f15a\U0001f17a\U0001f1f0"
    ),
    "l": (
        "1|\u0141\u0142\u0196\u0197\u019a\u01c0\u026b\u026d\u029f\u0399\u0406\u04c0"
        "\u04cf\u05c0\u05d5\u05df\u0625\u0627\u0661\u0673\u06f1\u07ca\u13de\u14aa"
        "\u16c1\u2223\u23fd\u2c92\u2cd0\u2cd1\u2d4f\ua4e1\ua4f2\uabae\ufd3c\ufd3d"
        "\ufe87\ufe88\ufe8d\ufe8e\uffe8\U0001028a\U00010309\U00010320\U0001041b"
        "\U00010443\U00010526\U000118a3\U000118b2\U00011dda\U00011de1\U00016eaa\U00016f16"
        "\U00016f28\U0001ccde\U0001cce1\U0001ccf1\U0001d22a\U0001d6b0\U0001d6ea\U0001d724"
        "\U0001d75e\U0001d798\U0001d7cf\U0001d7d9\U0001d7e3\U0001d7ed\U0001d7f7\U0001e8c7"
        "\U0001ee00\U0001ee80\U0001f15b\U0001f17b\U0001f1f1\U0001fbf1"
    ),
    "m": (
        "\u0271\u039c\u03fa\u041c\u04cd\u13b7\u15f0\u16d6\u1d0d\u1d6f\u20a5\u2c98"
        "\ua4df\U000102b0\U00010311\U00011700\U000118e3\U0001cce2\U0001d6b3\U0001d6ed"
        "\U0001d727\U0001d761\U0001d79b\U0001f15c\U0001f17c\U0001f1f2"
    ),
    "n": (
        "\u014b\u019d\u019e\u0273\u0274\u039d\u03b7\u0572\u0578\u057c\u1d70\u2c9a"
        "\u2c9b\ua4e0\U0001018e\U00010513\U0001cce3\U0001d6b4\U0001d6c8\U0001d6ee"
        "\U0001d702\U0001d728\U0001d73c\U0001d762\U0001d776\U0001d79c\U0001d7b0\U0001f15d"
        "\U0001f17d\U0001f1f3"
    ),
    "o": (
        "0\xd8\xf8\u0150\u019f\u01d1\u01d2\u01fe\u0275\u0398\u039f\u03b8\u03bf\u03c3"
        "\u03d1\u03ed\u03f4\u041e\u043e\u0472\u0473\u04e8\u04e9\u0555\u0585\u05e1"
        "\u0647\u0665\u06be\u06c1\u06d5\u06f5\u06ff\u07c0\u0966\u09e6\u0a66\u0ae6"
        "\u0b20\u0b66\u0be6\u0c02\u0c66\u0c82\u0ce6\u0d02\u0d20\u0d66\u0d82\u0e50"
        "\u0ed0\u101d\u1040\u10ff\u12d0\u13be\u13eb\u17e0\u1d0f\u1d11\u2296\u229d"
        "\u236c\u2c90\u2c91\u2c9e\u2c9f\u2d31\u2d41\u2d54\u3007\ua4f3\ua74a\ua74b"
        "\uab3d\uab3e\uab74\uab8e\uabbb\ufba6\ufba7\ufba8\ufba9\ufbaa\ufbab\ufbac"
        "\ufbad\ufcd9\ufee9\ufeea\ufeeb\ufeec\U00010292\U000102ab\U00010404\U0001042c"
        "\U000104c2\U000104ea\U00010516\U000114d0\U000118b5\U000118c8\U000118d7\U000118e0"
        "\U00011de0\U0001cce4\U0001ccf0\U0001d21a\U0001d6af\U0001d6b6\U0001d6b9\U0001d6c9"
        "\U0001d6d0\U0001d6d4\U0001d6dd\U0001d6e9\U0001d6f0\U0001d6f3\U0001d703\U0001d70a"
        "\U0001d70e\U0001d717\U0001d723\U0001d72a\U0001d72d\U0001d73d\U0001d744\U0001d748"
        "\U0001d751\U0001d75d\U0001d764\U0001d767\U0001d777\U0001d77e\U0001d782\U0001d78b"
        "\U0001d797\U0001d79e\U0001d7a1\U0001d7b1\U0001d7b8\U0001d7bc\U0001d7c5\U0001d7ce"
        "\U0001d7d8\U0001d7e2\U0001d7ec\U0001d7f6\U0001ee24\U0001ee64\U0001ee84\U0001f15e"
        "\U0001f17e\U0001f1f4\U0001f714\U0001fbf0"
    ),
    "p": (
        "\xfe\u01a5\u01bf\u03a1\u03c1\u03f1\u03f8\u0420\u0440\u13e2\u146d\u1d18\u1d29"
        "\u1d7d\u2374\u2ca2\u2ca3\u2cce\u2ccf\ua4d1\uabb2\U00010295\U0001cce5\U0001d6b8"
        "\U0001d6d2\U0001d6e0\U0001d6f2\U0001d70c\U0001d71a\U0001d72c\U0001d746\U0001d754"
        "\U0001d766\U0001d780\U0001d78e\U0001d7a0\U0001d7ba\U0001d7c8\U0001f15f\U0001f17f"
        "\U0001f1f5"
    ),
    "q": ("\u02a0\u051b\u0563\u0566\u2d55\ua7af\U0001cce6\U0001f160\U0001f180\U0001f1f6"),
    "r": (
        "\u01a6\u024d\u027c\u027d\u0280\u0433\u0493\u13a1\u13d2\u1587\u1d26\u1d72"
        "\u2c85\ua4e3\uab47\uab48\uab71\uab81\uaba2\U000104b4\U00016f35\U0001cce7"
        "\U0001d216\U0001f161\U0001f181\U0001f1f7"
    ),
    "s": (
        "\u01bd\u0282\u0405\u0455\u054f\u0d1f\u13d5\u13da\u1d74\ua4e2\ua731\uabaa"
        "\U00010296\U00010420\U00010448\U000118c1\U00016f3a\U0001cce8\U0001f162\U0001f182"
        "\U0001f1f8"
    ),
    "t": (
        "\u0166\u0167\u01ad\u01ae\u021a\u023e\u03a4\u03c4\u0422\u0442\u04ac\u04ad"
        "\u13a2\u1d1b\u1d75\u20ae\u22a4\u2361\u27d9\u2ca6\u2ca7\ua4d4\uab72\U00010297"
        "\U000102b1\U00010315\U000118bc\U00016f0a\U0001cce9\U0001d6bb\U0001d6d5\U0001d6f5"
        "\U0001d70f\U0001d72f\U0001d749\U0001d769\U0001d783\U0001d7a3\U0001d7bd\U0001f163"
        "\U0001f183\U0001f1f9\U0001f768"
    ),
    "u": (
        "\u01d3\u01d4\u0244\u028b\u03c5\u045f\u054d\u057d\u1200\u13cc\u144c\u1d1c"
        "\u1d7e\u222a\u22c3\ua4f4\ua79f\uab4e\uab52\uab9c\U000104ce\U000104f6\U000118b8"
        "\U000118d8\U00016f42\U0001ccea\U0001d6d6\U0001d710\U0001d74a\U0001d784\U0001d7be"
        "\U0001f164\U0001f184\U0001f1fa"
    ),
    "v": (
        "\u03bd\u0474\u0475\u05d8\u0667\u06f7\u13d9\u142f\u1d20\u2228\u22c1\u2d38"
        "\ua4e6\ua6df\uaba9\U00010197\U0001051d\U00011706\U000118a0\U000118c0\U00016f08"
        "\U0001cceb\U0001d20d\U0001d6ce\U0001d708\U0001d742\U0001d77c\U0001d7b6\U0001f165"
        "\U0001f185\U0001f1fb\U0001f708"
    ),
    "w": (
        "\u026f\u0448\u0461\u047d\u051c\u051d\u0561\u13b3\u13d4\u1d21\u20a9\u2cbd"
        "\ua4ea\ua761\uab83\U000114c5\U0001170a\U0001170e\U0001170f\U000118e6\U000118ef"
        "\U0001ccec\U0001f166\U0001f186\U0001f1fc"
    ),
    "x": (
        "\xd7\u03a7\u0425\u0445\u04b2\u1541\u157d\u166d\u166e\u16b7\u2573\u292b\u292c"
        "\u2a2f\u2a30\u2cac\u2d5d\ua4eb\ua7b3\U00010196\U00010290\U000102b4\U00010317"
        "\U00010322\U00010527\U000118ec\U0001cced\U0001d6be\U0001d6f8\U0001d732\U0001d76c"
        "\U0001d7a6\U0001f167\U0001f187\U0001f1fd"
    ),
    "y": (
        "\xa5\u01b4\u024e\u024f\u0263\u028f\u03a5\u03b3\u03d2\u0423\u0443\u04ae\u04af"
        "\u04b0\u04b1\u10e7\u13a9\u13bd\u1d8c\u1eff\u213d\u2ca8\u2ca9\ua4ec\uab5a"
        "\U000102b2\U000118a4\U000118dc\U00016f43\U0001ccee\U0001d6bc\U0001d6c4\U0001d6f6"
        "\U0001d6fe\U0001d730\U0001d738\U0001d76a\U0001d772\U0001d7a4\U0001d7ac\U0001f168"
        "\U0001f188\U0001f1fe"
    ),
    "z": (
        "\u01b5\u01b6\u0224\u0225\u0290\u0396\u13c3\u1d22\u1d76\ua4dc\uab93\U000102f5"
        "\U000118a9\U000118c4\U000118e5\U0001ccef\U0001d6ad\U0001d6e7\U0001d721\U0001d75b"
        "\U0001d795\U0001f169\U0001f189\U0001f1ff"
    ),
}

LOOK_ALIKES: Final[Mapping[str, str]] = {
    char: letter for letter, chars in _BY_LETTER.items() for char in chars
}
"""The small letter of A to Z that a character looks like; the letters themselves are not in it."""
