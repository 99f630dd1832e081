@echo off
rem Drop a school's file on this. It finds Python, and kit\start.py does the rest. No administrator, no network.
rem No block in brackets: a folder called "kit (1)" would end it. "call" where Python may be a batch file, but not where
rem the dropped file's name is: it would read "50% of 10%.csv" twice.
setlocal EnableExtensions DisableDelayedExpansion
title send_screen
set "HERE=%~dp0"
rem Else asking for a Python that is not there may fetch it.
set "PYTHON_MANAGER_AUTOMATIC_INSTALL=false"
set "FOUND="
if not exist "%HERE%kit\start.py" goto packed
if exist "%HERE%python\python.exe" goto ours
for %%V in (@LAUNCHER@) do call :try py -%%V
call :try python
call :try python3
if not defined FOUND goto none
%FOUND% -I -S "%HERE%kit\start.py" %*
goto done

:ours
"%HERE%python\python.exe" -I -S "%HERE%kit\start.py" %*
goto done

:try
if defined FOUND exit /b 0
call %* -I -S "%HERE%kit\start.py" --fits >nul 2>nul
if "%ERRORLEVEL%"=="0" set "FOUND=%*"
exit /b 0

:packed
echo.
echo This is still inside the zip. Close this window, right-click the zip, choose "Extract All",
echo and use screen.cmd in the folder that appears.
echo.
pause
exit /b 3

:none
echo.
echo There is no Python on this computer that can run this.
echo.
echo Ask the IT department for one of:
echo   - Python @VERSIONS@, 64-bit, from python.org, installed for you only.
echo     That needs no administrator rights, and no network afterwards.
echo   - or, from whoever sent you this folder, one with Python in it: send-screen kit --python ZIP
echo.
echo Then drop your file on screen.cmd again. guide.html has a part for the IT department.
echo.
pause
exit /b 3

:done
set "CODE=%ERRORLEVEL%"
echo.
pause
exit /b %CODE%
