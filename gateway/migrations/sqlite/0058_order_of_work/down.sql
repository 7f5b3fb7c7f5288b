DROP INDEX inbox_work_order;
