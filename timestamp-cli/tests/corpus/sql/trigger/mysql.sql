DELIMITER $$
CREATE DEFINER=`root`@`localhost` TRIGGER `tasks_bu` BEFORE UPDATE ON `tasks` FOR EACH ROW
BEGIN
    IF NEW.title <> OLD.title THEN
        SET NEW.updated_at = NOW(6); --~ sql/trigger
    END IF;
    SET NEW.note = 'it\'s now()', NEW.updated_at = @stamp; --~ sql/trigger
END$$
DELIMITER ;
/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`%`*/ /*!50003 TRIGGER t BEFORE INSERT ON tasks FOR EACH ROW SET NEW.created_at = NOW() */; --~ sql/trigger
SELECT NOW(); --~ sql/now
