DROP INDEX receipt_issued;
