-- What asks for the time behind a name: functions of one's own, quoted names, and functions that compare with today.
SELECT "now"(); --~ sql/now
SELECT age(created_at) FROM tasks; --~ sql/now
SELECT UTC_TIMESTAMP; --~ sql/now
SELECT my_clock(); --~ sql/now
ALTER TABLE tasks ALTER COLUMN at SET DEFAULT my_clock(); --~ sql/default
CREATE TRIGGER stamp BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION defined_elsewhere(); --~ sql/trigger
