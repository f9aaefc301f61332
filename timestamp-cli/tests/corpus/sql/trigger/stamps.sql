CREATE TRIGGER tasks_touch AFTER UPDATE ON tasks FOR EACH ROW WHEN NEW.updated_at = OLD.updated_at BEGIN
    UPDATE tasks SET updated_at = datetime('now') WHERE id = NEW.id; --~ sql/trigger
    INSERT INTO log (id, at) VALUES (NEW.id, CASE WHEN 1 THEN strftime('%s', 'now') ELSE 0 END); --~ sql/trigger
END;
SELECT now(); --~ sql/now
CREATE OR REPLACE FUNCTION set_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.updated_at = OLD.updated_at THEN
        NEW.updated_at = now(); --~ sql/trigger
    END IF;
    NEW.created_at := clock_ms(); --~ sql/trigger
    RETURN NEW;
END;
$$;
CREATE TRIGGER stamp BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE PROCEDURE moddatetime(updated_at); --~ sql/trigger
CREATE RULE stamp AS ON UPDATE TO tasks DO ALSO UPDATE log SET updated_at = CURRENT_TIMESTAMP; --~ sql/trigger
CREATE TRIGGER dbo.stamp ON dbo.tasks AFTER UPDATE AS
    UPDATE t SET modified_at = SYSUTCDATETIME() FROM dbo.tasks t JOIN inserted i ON i.id = t.id; --~ sql/trigger
