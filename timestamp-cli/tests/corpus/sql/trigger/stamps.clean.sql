CREATE TRIGGER tasks_keep BEFORE UPDATE ON tasks FOR EACH ROW WHEN NEW.created_at <> OLD.created_at BEGIN
    SELECT RAISE(ABORT, 'created_at never changes, not by now()');
END;
CREATE TRIGGER tasks_search AFTER UPDATE ON tasks BEGIN
    UPDATE search SET title = NEW.title, updated_at = NEW.updated_at WHERE id = NEW.id;
    INSERT INTO log (id, at) VALUES (NEW.id, NEW.updated_at);
END;
CREATE OR REPLACE FUNCTION keep_created_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.updated_at = OLD.updated_at THEN
        RAISE EXCEPTION 'changed without a touch, not even now()';
    END IF;
    NEW.created_at := OLD.created_at;
    RETURN NEW;
END;
$$;
CREATE TRIGGER keep BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION keep_created_at();
UPDATE tasks SET updated_at = $1;
