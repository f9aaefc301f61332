DELIMITER $$
CREATE DEFINER=`root`@`localhost` TRIGGER `tasks_bu` BEFORE UPDATE ON `tasks` FOR EACH ROW
BEGIN
    IF NEW.updated_at = OLD.updated_at THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'it\'s not now()';
    END IF;
    SET NEW.created_at = OLD.created_at;
END$$
DELIMITER ;
