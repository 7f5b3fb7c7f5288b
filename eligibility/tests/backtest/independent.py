#!/usr/bin/env python3
"""Who is eligible for three schemes, written anew from the rules' text with nothing but Python's standard library.

Reads one person a line from standard input (tab separated), writes one line a person: an outcome for each scheme.
It shares no code with the program that it checks, and knows no scheme file: if both agree on everybody, both read the rules alike.
"""
import sys
from datetime import date, timedelta

AS_OF = date.fromisoformat(sys.argv[1])
FRESH_BPL = 180          # days
FRESH_HOUSEHOLD = 365


def birthday(born, years):
    """The day on which somebody completes years; a leapling does on 1 March of a common year."""
    try:
        return born.replace(year=born.year + years)
    except ValueError:
        return date(born.year + years, 3, 1)


def years_old(born, on):
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def yes_no(text):
    return {"1": True, "0": False}.get(text)


def bounds(person):
    """The earliest and the latest day on which the person can have been born; None: nothing is known."""
    if person["born"]:
        day = date.fromisoformat(person["born"])
        return day, day
    if person["birth_year"]:
        year = int(person["birth_year"])
        return date(year, 1, 1), date(year, 12, 31)
    return None


def same(one, two):
    return one if one == two else None


def at_least(person, years, on):
    """True, False, or None if it cannot be told."""
    births = bounds(person)
    return None if births is None else same(years_old(births[0], on) >= years, years_old(births[1], on) >= years)


def all_of(*values):
    if False in values:
        return False
    return None if None in values else True


def any_of(*values):
    if True in values:
        return True
    return None if None in values else False


def negate(value):
    return None if value is None else not value


def fresh(person, value, days):
    """A fact that was recorded more than so many days ago is not known any more."""
    recorded = date.fromisoformat(person["recorded"])
    return None if AS_OF - recorded > timedelta(days=days) else value


def benefits(person):
    if person["benefits"] == "-":
        return None
    found = []
    for part in filter(None, person["benefits"].split(";")):
        scheme, kind, since, until, monthly = part.split(":")
        runs = date.fromisoformat(since) <= AS_OF and (not until or AS_OF <= date.fromisoformat(until))
        if runs:
            found.append((scheme, kind, int(monthly) if monthly else None))
    return found


def draws_other(person, own, kind):
    drawn = benefits(person)
    return None if drawn is None else any(k == kind and s != own for s, k, _ in drawn)


def outcome(person, include, exclude, officer, later):
    """`later`: the day on which what is false now turns true by time alone, if that is all that is against the person."""
    if person["died"] and date.fromisoformat(person["died"]) <= AS_OF:
        return "not_eligible"
    if False in include or True in exclude:
        return f"not_yet {later}" if later else "not_eligible"
    if officer is True:
        return "conflict"
    if None in include or None in exclude or officer is None:
        return "unknown"
    return "eligible"


def equals(text, wanted):
    return None if not text else text == wanted


def old_age_pension(person):
    old = at_least(person, 60, AS_OF)
    poor = fresh(person, yes_no(person["bpl"]), FRESH_BPL)
    here = equals(person["state"], "22")
    only_age = old is False and poor is not False and here is not False
    later = birthday(bounds(person)[1], 60) if only_age else None
    other = draws_other(person, "CG-IGNOAPS", "pension")
    result = outcome(person, [old, poor, here], [], other, later)
    births = bounds(person)
    age = same(years_old(births[0], AS_OF), years_old(births[1], AS_OF)) if births else None
    pays = None if age is None or age < 60 else 500 if age < 80 else 650
    return result, pays


def mahtari(person):
    january = date(AS_OF.year, 1, 1)
    adult = at_least(person, 21, january)
    married = {"": None, "never_married": False}.get(person["marital"], True)
    woman = equals(person["sex"], "female")
    native = equals(person["native"], "22")
    against = [fresh(person, yes_no(person[key]), FRESH_HOUSEHOLD) for key in ("tax", "government", "office")]
    only_age = adult is False and False not in (married, woman, native) and True not in against
    later = None
    if only_age:
        day = birthday(bounds(person)[1], 21)
        later = day if (day.month, day.day) == (1, 1) else date(day.year + 1, 1, 1)
    result = outcome(person, [woman, adult, married, native], against, False, later)
    drawn = benefits(person)
    pensions = None if drawn is None else [m for s, k, m in drawn if k == "pension" and s != "CG-MAHTARI-VANDAN"]
    pays = None if pensions is None or None in pensions else max(0, 1000 - sum(pensions))
    return result, pays


def sukhad_sahara(person):
    status = person["marital"]
    widow = None if not status else status == "widowed"
    deserted = None if not status else status == "deserted"
    adult, not_forty = at_least(person, 18, AS_OF), negate(at_least(person, 40, AS_OF))
    verified = yes_no(person["verified"])
    way = any_of(all_of(widow, adult, not_forty), all_of(deserted, verified, adult))
    woman = equals(person["sex"], "female")
    poor = fresh(person, yes_no(person["bpl"]), FRESH_BPL)
    here = equals(person["state"], "22")
    later = None
    if way is False and False not in (woman, poor, here):
        # Too young today; on the eighteenth birthday the way certainly opens for a widow, and for a verified deserted woman.
        if adult is False and (widow or (deserted and verified)):
            later = birthday(bounds(person)[1], 18)
    other = draws_other(person, "CG-SUKHAD-SAHARA", "pension")
    return outcome(person, [way, woman, poor, here], [], other, later), None


FIELDS = ["born", "birth_year", "sex", "marital", "verified", "state", "native", "bpl", "recorded", "tax", "government",
          "office", "died", "benefits"]


def main():
    write = sys.stdout.write
    for line in sys.stdin:
        person = dict(zip(FIELDS, line.rstrip("\n").split("\t")))
        answers = [old_age_pension(person), mahtari(person), sukhad_sahara(person)]
        write("\t".join(f"{result}|{'' if pays is None else pays}" for result, pays in answers) + "\n")


main()
