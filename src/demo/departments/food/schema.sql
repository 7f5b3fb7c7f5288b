-- Food: ration cards and their members.
CREATE TABLE ration_card (
    card_no   TEXT PRIMARY KEY NOT NULL,
    head      TEXT NOT NULL,                       -- name of the head of the household
    category  TEXT NOT NULL CHECK (category IN ('AAY', 'PHH', 'APL')),
    bpl       INTEGER NOT NULL CHECK (bpl IN (0, 1)),
    district  INTEGER NOT NULL,
    shop_area TEXT NOT NULL
);
CREATE TABLE ration_member (
    member_id     TEXT PRIMARY KEY NOT NULL,
    card_no       TEXT REFERENCES ration_card (card_no), -- none until the shop has put a new member on its card
    member_no     INTEGER,
    name_en       TEXT NOT NULL,
    name_hi       TEXT,
    relation      TEXT NOT NULL,
    gender        TEXT CHECK (gender IN ('M', 'F')),
    birth_date    TEXT,                            -- ISO 8601, or none beside a year
    birth_year    INTEGER,
    district      INTEGER,
    status        TEXT NOT NULL CHECK (status IN ('ACTIVE', 'HOLD', 'DELETED')),
    status_reason TEXT,
    status_since  TEXT,
    UNIQUE (card_no, member_no)
);
-- The household as seen from each of its members.
CREATE VIEW member_household AS
SELECT m.member_id, c.card_no, c.category, c.bpl, c.district, m.relation,
       CAST((SELECT count(*) FROM ration_member o WHERE o.card_no = c.card_no AND o.status = 'ACTIVE') AS INTEGER)
           AS active_members
FROM ration_member m JOIN ration_card c ON c.card_no = m.card_no;
