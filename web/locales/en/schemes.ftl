# Pages about schemes, English. The same keys as in hi/schemes.ftl; whole sentences, nothing glued together.

schemes-title = Schemes
